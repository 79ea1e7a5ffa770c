// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/host_settings.h"

#include "loader/attachment.h"
#include "loader/features.h"
#include "loader/lockout_guard.h"
#include "loader/option_flags.h"

#include <cerrno>
#include <cstdlib>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <system_error>

namespace portscan {
namespace {

constexpr std::chrono::nanoseconds shortest_interval = std::chrono::milliseconds{10};

void add_service_option(CLI::App &app, Settings &given, const ServiceOptionSpec &spec) {
    const std::string flag = "--" + std::string{spec.name};
    const auto take = [&given, &spec](const std::string &value) { given.add(spec.name, value); };
    if (spec.value_name.empty()) {
        app.add_flag_function(
            flag, [take](std::int64_t count) { take(count > 0 ? "true" : "false"); },
            std::string{spec.help});
        return;
    }
    app.add_option_function<std::string>(flag, take, std::string{spec.help})
        ->take_last()
        ->type_name(std::string{spec.value_name})
        ->default_str(spec.get(ServiceOptions{}));
}

constexpr const char *interfaces_variable = "NET_IF_NAME";

/// How containers are told their interface.
void take_environment(ServiceOptions &service) {
    const char *const interfaces = std::getenv(interfaces_variable);
    if (interfaces == nullptr || *interfaces == '\0') return;
    try {
        find_service_option("interfaces")->set(service, interfaces);
    } catch (const OptionError &error) {
        throw OptionError(fmt::format("{}: {}", interfaces_variable, error.what()));
    }
}

} // namespace

void add_host_options(CLI::App &app, HostArguments &arguments,
                      std::initializer_list<std::string_view> service_options) {
    app.add_option_function<std::vector<std::string>>(
           "IFACE",
           [&arguments](const std::vector<std::string> &names) {
               arguments.given.add("interfaces", fmt::format("{}", fmt::join(names, ",")));
           },
           "interfaces, or default-route for those of the default routes; else those that "
           "NET_IF_NAME names, else those of the configuration")
        ->type_name("");
    app.add_option("--config", arguments.config_path, "read options from this TOML file")
        ->type_name("FILE")
        ->default_str(std::string{default_config_path} + ", if it is there");
    for (const auto name : service_options)
        add_service_option(app, arguments.given, *find_service_option(name));
    add_detection_options(app, arguments.given.detection);
}

HostSettings read_settings(const HostArguments &arguments) {
    HostSettings settings;
    const auto file = arguments.config_path.empty()
                          ? read_config_file_if_any(default_config_path)
                          : std::optional{read_config_file(arguments.config_path)};
    if (file) file->apply(settings.detector, settings.service);
    take_environment(settings.service);
    arguments.given.apply(settings.detector, settings.service);
    validate(settings.detector);
    if (settings.detector.expire_interval < shortest_interval)
        throw OptionError(fmt::format("expire-interval: {} would keep a CPU busy; give {} or more",
                                      format_duration(settings.detector.expire_interval),
                                      format_duration(shortest_interval)));
    return settings;
}

std::optional<std::vector<Prefix>>
find_auto_allow(const ServiceOptions &service, const std::function<void(std::string_view)> &say) {
    std::vector<Prefix> prefixes;
    if (service.no_auto_allow) return prefixes;
    try {
        const HostAccess access = inspect_host();
        for (const std::string &path : access.unreadable)
            say(fmt::format("cannot read {}: peers of SSH ports that are named only there are not "
                            "allowed by itself; use allow, or open the file",
                            path));
        for (const auto &[prefix, why] : guarded_addresses(access)) {
            say(fmt::format("allowed {} by itself: {}", prefix.to_string(), why));
            prefixes.push_back(prefix);
        }
    } catch (const std::system_error &error) {
        say(fmt::format("cannot tell who must stay reachable: {}", error.what()));
        return std::nullopt;
    }
    return prefixes;
}

PinDirectory open_pin_directory(const ServiceOptions &service) {
    if (!PinDirectory::open(service.pin_dir))
        for (const std::string &interface : service.interfaces)
            if (interface != default_route_word) Attachment::require_present(interface);
    return PinDirectory::create(service.pin_dir);
}

void require_capabilities() {
    if (const auto missing = missing_capabilities(); !missing.empty())
        throw std::system_error(EPERM, std::generic_category(),
                                fmt::format("missing {}; run as root or with CAP_BPF, "
                                            "CAP_NET_ADMIN and CAP_PERFMON",
                                            fmt::join(missing, ", ")));
}

} // namespace portscan
