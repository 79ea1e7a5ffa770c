// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/command_replay.h"

#include "loader/option_flags.h"
#include "sim/console.h"
#include "sim/exit_status.h"
#include "sim/host_replay.h"
#include "sim/interruption.h"
#include "sim/kept_capabilities.h"
#include "sim/own_host.h"
#include "sim/progress.h"
#include "sim/replay.h"
#include "sim/replay_outputs.h"
#include "sim/shell_word.h"
#include "sim/simulator_flags.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace portscan {
namespace {

constexpr std::uint32_t default_host_sources = 65'536;

std::uint64_t parse_count(std::string_view option, std::string_view text, std::uint64_t least = 0,
                          std::uint64_t most = UINT64_MAX) {
    std::uint64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    if (whole && count >= least && count <= most) return count;
    throw OptionError(fmt::format("{}: '{}' is not a whole number from {} {}", option, text, least,
                                  most == UINT64_MAX ? "on" : fmt::format("to {}", most)));
}

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

ReplayTargets targets_of(const ReplayCommand &command) {
    return {.json = command.json,
            .write_dropped = command.write_dropped,
            .write_passed = command.write_passed,
            .annotate = command.annotate,
            .html = command.html};
}

/// One detector for all packets.
class SingleReplay final : public CaptureReplay {
  public:
    using Load = std::function<std::unique_ptr<Simulator>()>;

    SingleReplay(std::unique_ptr<Simulator> first, Load load, ReplayOptions options) :
        load_(std::move(load)),
        options_(options),
        simulator_(std::move(first)),
        replay_(*simulator_, options_) {}

    FrameOutcome feed(const CapturedFrame &frame) override { return replay_.feed(frame); }
    ReplayReport report() override { return replay_.report(); }
    void begin_capture() override { replay_.begin_capture(); }
    void start_over() override {
        simulator_.reset(); // frees its maps first
        simulator_ = load_();
        replay_ = Replay(*simulator_, options_);
    }

  private:
    Load load_;
    ReplayOptions options_;
    std::unique_ptr<Simulator> simulator_;
    Replay replay_;
};

/// What a command runs, and on what.
struct Session {
    std::unique_ptr<CaptureReplay> replay;
    ReplayContext context;
    bool used = false;
};

/// The first simulator is loaded before any capability goes; files are opened after that.
Session start_session(const ReplayCommand &command) {
    const DetectorOptions options = detection_options(command);
    const HostList hosts = command.hosts ? HostList::parse(*command.hosts) : HostList{};
    const auto load = [options, settings = command.simulator] {
        return std::make_unique<Simulator>(options, settings);
    };
    auto first = load();
    const bool loads_more = !hosts.empty() || (command.captures.size() > 1 && !command.continues);
    drop_privileges(loads_more ? KeptCapabilities::loading : needed_to_run(*first));

    Session session{.replay = nullptr, .context = context_of(*first, command.simulator.clock)};
    const ReplayOptions replay_options{.report_sources = command.report_sources,
                                       .clock = command.simulator.clock};
    if (hosts.empty())
        session.replay = std::make_unique<SingleReplay>(std::move(first), load, replay_options);
    else
        session.replay =
            std::make_unique<HostReplay>(hosts, std::move(first), load, replay_options);
    return session;
}

class ReplayRun {
  public:
    explicit ReplayRun(const ReplayCommand &command) :
        command_(command),
        session_(start_session(command)),
        outputs_(targets_of(command), command.captures, session_.context,
                 shell_words(command.command_line)) {}

    int all() {
        int status = exit_done;
        for (const std::string &path : command_.captures) {
            if (interruption_.interrupted()) break;
            try {
                status = std::max(status, one(path));
            } catch (const CaptureError &error) {
                progress_.clear();
                complain(error.what());
                outputs_.failure(error.what());
                status = std::max<int>(status, exit_unreadable);
            }
        }
        outputs_.close();
        interruption_.pass_on();
        return status;
    }

  private:
    /// Before anything is run: a capture that does not open leaves the session as it is.
    void prepare_session() {
        own_host_ = {};
        if (!std::exchange(session_.used, true)) return;
        command_.continues ? session_.replay->begin_capture() : session_.replay->start_over();
    }

    /// Until the capture ends, or its damage; false if a signal came before that.
    bool feed_all(CaptureReader &reader) {
        while (!interruption_.interrupted()) {
            const auto frame = reader.next();
            if (!frame) return reader.damage().empty() || !interruption_.interrupted();
            outputs_.frame(*frame, session_.replay->feed(*frame));
            own_host_.observe(*frame);
            progress_.step();
        }
        return false;
    }

    int one(const std::string &path) {
        CaptureReader reader = CaptureReader::open(path, outputs_.capture_options(command_.filter));
        prepare_session();
        progress_.start(
            {.label = path, .unit = "packets", .total = reader.file_size(), .position = [&reader] {
                 return reader.bytes_read();
             }});
        const bool whole = feed_all(reader);
        progress_.clear();
        ReplayReport report = session_.replay->report();
        report.capture = path;
        report.damage = whole ? reader.damage() : "interrupted";
        outputs_.report(report);
        return status_of(report);
    }

    /// What an analyst would want to know before believing the figures.
    void warn_of(const ReplayReport &report) const {
        const bool none = report.packets != 0 && report.not_selected == report.packets;
        if (command_.hosts && none)
            warn(fmt::format("{}: none of the {} packets is for --host {}", report.capture,
                             report.packets, *command_.hosts));
        else if (!command_.filter.empty() && none)
            warn(fmt::format("{}: the filter matches none of the {} packets; tagged frames match "
                             "only behind 'vlan and'",
                             report.capture, report.packets));
        if (report.hosts && report.hosts->left_out_packets != 0)
            warn(fmt::format(
                "{}: {} packets for hosts beyond the first {} are left out: name fewer "
                "with --host",
                report.capture, report.hosts->left_out_packets, HostReplay::most_hosts));
        const auto hint = report.hosts ? std::nullopt : own_host_.hint(report.sources);
        if (hint) warn(fmt::format("{}: {}", report.capture, *hint));
    }

    int status_of(const ReplayReport &report) const {
        warn_of(report);
        if (!report.damage.empty()) {
            complain(fmt::format("{}: {}", report.capture, report.damage));
            return exit_unreadable;
        }
        const bool blocked = report.counters.find("blocks").value_or(0) != 0;
        return blocked && command_.fail_on_block ? exit_failed : exit_done;
    }

    const ReplayCommand &command_;
    Session session_;
    OwnHostDetector own_host_{};
    ReplayOutputs outputs_;
    Progress progress_;
    Interruption interruption_;
};

void add_outputs(CLI::App &app, ReplayCommand &command) {
    app.add_flag("--json{-}", command.json,
                 "print a JSON object for each capture, to standard output or with --json=FILE");
    app.add_option_function<std::string>(
           "--report-sources",
           [&command](const std::string &text) {
               command.report_sources = parse_count("report-sources", text);
           },
           "sources in the JSON beside those that were ever blocked")
        ->type_name("N")
        ->default_str(fmt::to_string(command.report_sources));
    app.add_option("--write-dropped", command.write_dropped,
                   "write the frames that were dropped as a capture")
        ->type_name("FILE");
    app.add_option("--write-passed", command.write_passed,
                   "write the frames that passed as a capture")
        ->type_name("FILE");
    app.add_option(
           "--annotate", command.annotate,
           "write the captures again as pcapng, with a comment on what became of each frame")
        ->type_name("FILE");
    app.add_option("--html", command.html, "write a page for people that needs nothing else")
        ->type_name("FILE");
}

} // namespace

void setup_replay(CLI::App &app, const std::vector<std::string> &command_line, int &exit_status) {
    CLI::App *const replay =
        app.add_subcommand("replay", "run captures: who was blocked, when, and what it cost");
    const auto command = std::make_shared<ReplayCommand>();
    command->command_line = command_line;
    replay
        ->add_option("CAPTURE", command->captures,
                     "pcap or pcapng, also .gz and .zst; - for standard input")
        ->type_name("")
        ->required();
    replay->add_option("--filter", command->filter, "run only what this pcap filter matches")
        ->type_name("EXPRESSION");
    replay
        ->add_option("--host", command->hosts,
                     "run only what these hosts receive, each with a registry of its own")
        ->type_name("ADDR|CIDR,...");
    replay
        ->add_option("--host-max-sources", command->host_max_sources,
                     "sources in the registry of each host, and a quarter of that for IPv6")
        ->type_name("N")
        ->default_str(fmt::to_string(default_host_sources));
    add_simulator_options(*replay, command->simulator);
    replay->add_flag("--continue", command->continues,
                     "carry state and clock from capture to capture: rotated files");
    replay->add_flag("--fail-on-block", command->fail_on_block, "exit 1 if anybody was blocked");
    add_outputs(*replay, *command);
    add_detection_options(*replay, command->given);
    replay->callback([command, &exit_status] { exit_status = run_replay(*command); });
}

int run_replay(const ReplayCommand &command) {
    check_targets(targets_of(command), command.captures);
    return ReplayRun{command}.all();
}

} // namespace portscan
