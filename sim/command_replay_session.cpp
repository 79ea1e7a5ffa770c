// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/command_replay_session.h"

#include "loader/option_flags.h"
#include "sim/host_replay.h"
#include "sim/kept_capabilities.h"
#include "sim/replay.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <functional>
#include <utility>

namespace portscan {
namespace {

/// With --host each registry has a size of its own.
void set_host_sources(const ReplayCommand &command, DetectorOptions &options) {
    constexpr std::uint64_t least = 8; // so that a quarter of it is enough for IPv6
    if (!command.hosts) {
        if (!command.host_max_sources) return;
        throw OptionError("host-max-sources: is for --host: name the hosts, or use --max-sources");
    }
    for (const auto &[name, value] : command.given.values)
        if (name == "max-sources" || name == "max-sources6")
            throw OptionError(fmt::format("{}: with --host use --host-max-sources", name));
    options.max_sources = static_cast<std::uint32_t>(
        command.host_max_sources
            ? parse_count("host-max-sources", *command.host_max_sources, least, UINT32_MAX)
            : default_host_sources);
    options.max_sources6 = options.max_sources / 4;
}

DetectorOptions detection_options(const ReplayCommand &command) {
    DetectorOptions options;
    command.given.apply(options);
    set_host_sources(command, options);
    validate(options);
    return options;
}

/// One detector for all packets, emptied for each capture: that takes a fraction of loading it, and
/// no capability.
class SingleReplay final : public CaptureReplay {
  public:
    SingleReplay(std::unique_ptr<Simulator> simulator, ReplayOptions options) :
        options_(options),
        simulator_(std::move(simulator)),
        replay_(*simulator_, options_) {}

    std::size_t feed(std::span<const CapturedFrame> frames, const OutcomeVisitor &visit) override {
        return replay_.feed(frames, visit);
    }
    Replay *single() override { return &replay_; }
    ReplayReport report() override { return replay_.report(); }
    void begin_capture() override { replay_.begin_capture(); }
    void start_over() override {
        simulator_->reset();
        replay_ = Replay(*simulator_, options_);
    }

  private:
    ReplayOptions options_;
    std::unique_ptr<Simulator> simulator_;
    Replay replay_;
};

} // namespace

std::uint64_t parse_count(std::string_view option, std::string_view text, std::uint64_t least,
                          std::uint64_t most) {
    std::uint64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    if (whole && count >= least && count <= most) return count;
    throw OptionError(fmt::format("{}: '{}' is not a whole number from {} {}", option, text, least,
                                  most == UINT64_MAX ? "on" : fmt::format("to {}", most)));
}

ReplaySession start_session(const ReplayCommand &command, unsigned workers) {
    const DetectorOptions options = detection_options(command);
    const HostList hosts = command.hosts ? HostList::parse(*command.hosts) : HostList{};
    // With --host workers load further ones while they run.
    const auto load = [options, settings = command.simulator] {
        return std::make_unique<Simulator>(options, settings);
    };
    std::vector<std::unique_ptr<Simulator>> simulators;
    for (unsigned worker = 0; worker < std::max(1U, workers); ++worker)
        simulators.push_back(load());
    const Simulator &first = *simulators.front();
    drop_privileges(hosts.empty() ? needed_to_run(first) : KeptCapabilities::loading);

    ReplaySession session{.workers = {}, .context = context_of(first, command.simulator.clock)};
    const bool table_alone = command.json.empty() && command.html.empty();
    const ReplayOptions replay_options{
        .report_sources = table_alone ? 0 : command.report_sources, // a table has the blocked ones
        .clock = command.simulator.clock,
        .floor = true};
    for (auto &simulator : simulators) {
        if (hosts.empty())
            session.workers.push_back(
                std::make_unique<SingleReplay>(std::move(simulator), replay_options));
        else
            session.workers.push_back(
                std::make_unique<HostReplay>(hosts, std::move(simulator), load, replay_options));
    }
    return session;
}

} // namespace portscan
