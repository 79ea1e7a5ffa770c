// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/commands.h"

#include "loader/mapped_address.h"
#include "loader/options.h"
#include "loader/service_options.h"

#include <array>
#include <fmt/format.h>
#include <net/if.h>

namespace portscan {

void add_pin_dir(CLI::App &app, std::string &value) {
    value = ServiceOptions{}.pin_dir;
    app.add_option_function<std::string>(
           "--pin-dir",
           [&value](const std::string &text) {
               ServiceOptions checked;
               find_service_option("pin-dir")->set(checked, text);
               value = checked.pin_dir;
           },
           std::string{find_service_option("pin-dir")->help})
        ->type_name("DIR")
        ->default_str(value);
}

Prefix parse_target(const std::string &text) {
    const auto prefix = Prefix::parse(text);
    if (!prefix)
        throw OptionError(fmt::format("'{}' is neither an address nor a CIDR prefix", text));
    if (const auto plain = mapped_ipv4(*prefix))
        throw OptionError(
            fmt::format("'{}' is {} to the detector: write that", text, plain->to_string()));
    return *prefix;
}

std::string name_of_interface(unsigned ifindex) {
    std::array<char, IF_NAMESIZE> name{};
    if (ifindex == 0) return {};
    if (if_indextoname(ifindex, name.data()) == nullptr) return fmt::format("#{}", ifindex);
    return name.data();
}

InstanceLock take_lock(const PinDirectory &directory) {
    if (auto lock = InstanceLock::take(directory)) return std::move(*lock);
    const pid_t pid = InstanceLock::holder(directory).value_or(0);
    throw CommandError(fmt::format("{} is held by another xdp-portscan{}: stop it first, or give "
                                   "another --pin-dir",
                                   directory.path(),
                                   pid != 0 ? fmt::format(" (pid {})", pid) : ""));
}

} // namespace portscan
