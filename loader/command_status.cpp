// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/attachment.h"
#include "loader/commands.h"
#include "loader/confirmation.h"
#include "loader/console.h"
#include "loader/host_network.h"
#include "loader/source_view.h"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

namespace portscan {
namespace {

using Json = nlohmann::ordered_json;

struct StatusCommand {
    std::string pin_dir;
    bool json = false;
};

/// Bytes of kernel memory, as the kernel accounts for it; 0 where it does not say.
std::uint64_t memory_of(int fd) {
    std::ifstream info{fmt::format("/proc/self/fdinfo/{}", fd)};
    std::uint64_t bytes = 0;
    for (std::string word; info >> word;)
        if (word == "memlock:") info >> bytes;
    return bytes;
}

std::uint64_t kernel_memory(const PinnedDetector &detector) {
    std::uint64_t bytes = 0;
    for (const auto &[name, member] : detector_map_names())
        bytes += memory_of(detector.maps().*member);
    for (const int fd : {detector.config_map(), detector.program(), detector.expire_program()})
        bytes += memory_of(fd);
    return bytes;
}

struct InterfaceStatus {
    std::string name;
    bool attached = false;
    XdpMode mode = XdpMode::native;
    std::uint32_t program = 0;
    bool current = false;  ///< the program that is pinned
    bool confirmed = true; ///< false: held by its process until `confirm`
};

std::optional<InterfaceStatus> attached_status(const std::string &name, unsigned ifindex,
                                               std::uint32_t pinned) {
    const auto program = attached_program(ifindex);
    if (!program) return std::nullopt;
    return InterfaceStatus{.name = name,
                           .attached = true,
                           .mode = program->mode,
                           .program = program->id,
                           .current = program->id == pinned};
}

/// Links that wait for `confirm` have no pin: they are known by their program.
void append_unconfirmed(const PinnedState &state, std::uint32_t pinned,
                        std::vector<InterfaceStatus> &known) {
    if (!state.directory.has_mark(unconfirmed_mark)) return;
    for (const Interface &interface : interfaces()) {
        auto status = attached_status(interface.name, interface.index, pinned);
        const bool is_known = std::any_of(known.begin(), known.end(), [&](const auto &one) {
            return one.name == interface.name;
        });
        if (!status || !status->current || is_known) continue;
        status->confirmed = false;
        known.push_back(std::move(*status));
    }
}

std::vector<InterfaceStatus> interfaces_of(const PinnedState &state) {
    std::vector<InterfaceStatus> known;
    const std::uint32_t pinned = program_id(state.detector.program());
    for (const auto &name : pinned_interfaces(state.directory)) {
        const FileDescriptor link = state.directory.get(link_pin_name(name));
        const unsigned ifindex = link.get() < 0 ? 0U : attached_ifindex(link.get());
        auto status = attached_status(name, ifindex, pinned);
        known.push_back(status.value_or(InterfaceStatus{.name = name}));
    }
    append_unconfirmed(state, pinned, known);
    return known;
}

/// As they are in force. The interval of the expirer is the running process' own affair.
std::vector<std::pair<std::string, std::string>> options_of(const PinnedState &state) {
    std::vector<std::pair<std::string, std::string>> options;
    for (const auto &spec : option_specs()) {
        if (spec.name == "allow" || spec.name == "allow-file" || spec.name == "expire-interval")
            continue;
        const std::string value = spec.get(state.control.options);
        if (!value.empty()) options.emplace_back(spec.name, value);
    }
    return options;
}

void print_json(const PinnedState &state, std::optional<pid_t> holder) {
    Json interfaces = Json::array();
    for (const auto &one : interfaces_of(state))
        interfaces.push_back({{"interface", one.name},
                              {"attached", one.attached},
                              {"mode", one.attached ? Json(to_string(one.mode)) : Json()},
                              {"program_id", one.attached ? Json(one.program) : Json()},
                              {"current", one.current},
                              {"confirmed", one.confirmed}});
    Json options = Json::object();
    for (const auto &[name, value] : options_of(state)) options[name] = value;
    Json counters = Json::object();
    const Counters values = state.control.counters.read();
    for (std::size_t i = 0; i < values.values.size(); ++i)
        counters[std::string{counter_names()[i]}] = values[i];
    print_line(Json{{"pin_dir", state.directory.path()},
                    {"running", holder.has_value()},
                    {"pid", holder && *holder != 0 ? Json(*holder) : Json()},
                    {"interfaces", interfaces},
                    {"options", options},
                    {"blocked", state.control.state.blocked(PORTSCAN_IPV4)},
                    {"blocked6", state.control.state.blocked(PORTSCAN_IPV6)},
                    {"counters", counters},
                    {"kernel_memory_bytes", kernel_memory(state.detector)}}
                   .dump(2));
}

std::string describe(const InterfaceStatus &status) {
    if (!status.attached)
        return fmt::format("  {}  not attached any more: the interface went, or somebody detached "
                           "it",
                           status.name);
    return fmt::format("  {}  {} mode, program {}{}{}", status.name, to_string(status.mode),
                       status.program,
                       status.current ? "" : ", which is not the one that is pinned",
                       status.confirmed ? "" : ", until confirmed (xdp-portscan confirm)");
}

void print_people(const PinnedState &state, std::optional<pid_t> holder) {
    const auto interfaces = interfaces_of(state);
    if (interfaces.empty()) print_line("not attached; the state is kept");
    if (!interfaces.empty()) print_line("attached to");
    for (const auto &one : interfaces) print_line(describe(one));
    if (!holder)
        print_line(fmt::format("no `xdp-portscan run`: nothing expires, no metrics, no log{}",
                               interfaces.empty() ? "" : " (the filter decides all the same)"));
    else
        print_line(*holder != 0 ? fmt::format("run by process {}", *holder)
                                : std::string{"run by a process that is not visible from here"});
    print_line("options");
    for (const auto &[name, value] : options_of(state))
        print_line(fmt::format("  {:<14}  {}", name, value));
    print_line(fmt::format("blocked           {} IPv4, {} IPv6",
                           state.control.state.blocked(PORTSCAN_IPV4),
                           state.control.state.blocked(PORTSCAN_IPV6)));
    print_line("counters");
    const Counters values = state.control.counters.read();
    for (std::size_t i = 0; i < values.values.size(); ++i)
        print_line(fmt::format("  {:<14}  {}", counter_names()[i], values[i]));
    print_line(fmt::format("kernel memory     {:.1f} MiB",
                           static_cast<double>(kernel_memory(state.detector)) / (1 << 20)));
}

int run_status(const StatusCommand &command) {
    const auto state = PinnedState::open(command.pin_dir);
    const auto holder = InstanceLock::holder(state->directory);
    if (command.json)
        print_json(*state, holder);
    else
        print_people(*state, holder);
    return done;
}

} // namespace

void setup_status(CLI::App &app, int &exit_status) {
    CLI::App *const status =
        app.add_subcommand("status", "show where it is attached, options, counters, memory");
    const auto command = std::make_shared<StatusCommand>();
    status->add_flag("--json", command->json, "print JSON");
    add_pin_dir(*status, command->pin_dir);
    status->callback([command, &exit_status] { exit_status = run_status(*command); });
}

} // namespace portscan
