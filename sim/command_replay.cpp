// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/command_replay.h"

#include "loader/option_flags.h"
#include "sim/console.h"
#include "sim/exit_status.h"
#include "sim/interruption.h"
#include "sim/kept_capabilities.h"
#include "sim/progress.h"
#include "sim/replay.h"
#include "sim/replay_outputs.h"
#include "sim/simulator_flags.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <memory>
#include <optional>

namespace portscan {
namespace {

DetectorOptions detection_options(const OptionOverrides &given) {
    DetectorOptions options;
    given.apply(options);
    validate(options);
    return options;
}

std::uint64_t parse_count(std::string_view text) {
    std::uint64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error == std::errc{} && end == text.data() + text.size()) return count;
    throw OptionError(fmt::format("report-sources: '{}' is not a whole number from 0 on", text));
}

ReplayTargets targets_of(const ReplayCommand &command) {
    return {.json = command.json,
            .write_dropped = command.write_dropped,
            .write_passed = command.write_passed,
            .annotate = command.annotate};
}

/// One simulator and its replay. Each capture starts with a fresh one, unless state goes on.
struct Session {
    Session(const DetectorOptions &options, const ReplayCommand &command) :
        simulator(options, command.simulator),
        replay(simulator,
               {.report_sources = command.report_sources, .clock = command.simulator.clock}) {}

    Simulator simulator;
    Replay replay;
    bool used = false;
};

/// The first simulator is loaded before any capability goes; files are opened after that.
std::unique_ptr<Session> start_session(const DetectorOptions &options,
                                       const ReplayCommand &command) {
    auto session = std::make_unique<Session>(options, command);
    const bool loads_more = command.captures.size() > 1 && !command.continues;
    drop_privileges(loads_more ? KeptCapabilities::loading : needed_to_run(session->simulator));
    return session;
}

class ReplayRun {
  public:
    explicit ReplayRun(const ReplayCommand &command) :
        command_(command),
        options_(detection_options(command.given)),
        session_(start_session(options_, command)),
        outputs_(targets_of(command), command.captures,
                 context_of(session_->simulator, command.simulator.clock)) {}

    int all() {
        int status = exit_done;
        for (const std::string &path : command_.captures) {
            if (interruption_.interrupted()) break;
            try {
                status = std::max(status, one(path));
            } catch (const CaptureError &error) {
                progress_.clear();
                complain(error.what());
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
        if (session_->used && command_.continues) session_->replay.begin_capture();
        if (session_->used && !command_.continues) {
            session_.reset(); // frees its maps first
            session_ = std::make_unique<Session>(options_, command_);
        }
        session_->used = true;
    }

    /// Until the capture ends, or its damage; false if a signal came before that.
    bool feed_all(CaptureReader &reader) {
        while (!interruption_.interrupted()) {
            const auto frame = reader.next();
            if (!frame) return reader.damage().empty() || !interruption_.interrupted();
            outputs_.frame(*frame, session_->replay.feed(*frame));
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
        ReplayReport report = session_->replay.report();
        report.capture = path;
        report.damage = whole ? reader.damage() : "interrupted";
        outputs_.report(report);
        return status_of(report);
    }

    int status_of(const ReplayReport &report) const {
        if (!command_.filter.empty() && report.packets != 0 &&
            report.not_selected == report.packets) {
            warn(fmt::format("{}: the filter matches none of the {} packets; tagged frames match "
                             "only behind 'vlan and'",
                             report.capture, report.packets));
        }
        if (!report.damage.empty()) {
            complain(fmt::format("{}: {}", report.capture, report.damage));
            return exit_unreadable;
        }
        const bool blocked = report.counters.find("blocks").value_or(0) != 0;
        return blocked && command_.fail_on_block ? exit_failed : exit_done;
    }

    const ReplayCommand &command_;
    DetectorOptions options_;
    std::unique_ptr<Session> session_;
    ReplayOutputs outputs_;
    Progress progress_;
    Interruption interruption_;
};

void add_outputs(CLI::App &app, ReplayCommand &command) {
    app.add_flag("--json{-}", command.json,
                 "print a JSON object for each capture, to standard output or with --json=FILE");
    app.add_option_function<std::string>(
           "--report-sources",
           [&command](const std::string &text) { command.report_sources = parse_count(text); },
           "sources in the JSON beside those that were ever blocked")
        ->type_name("N")
        ->default_str(fmt::to_string(command.report_sources));
    app.add_option("--write-dropped", command.write_dropped,
                   "write the frames that were dropped as a capture")
        ->type_name("FILE");
    app.add_option("--write-passed", command.write_passed,
                   "write the frames that passed as a capture")
        ->type_name("FILE");
    app.add_option("--annotate", command.annotate,
                   "write the captures again as pcapng, with a comment on what became of each frame")
        ->type_name("FILE");
}

} // namespace

void setup_replay(CLI::App &app, int &exit_status) {
    CLI::App *const replay =
        app.add_subcommand("replay", "run captures: who was blocked, when, and what it cost");
    const auto command = std::make_shared<ReplayCommand>();
    replay
        ->add_option("CAPTURE", command->captures,
                     "pcap or pcapng, also .gz and .zst; - for standard input")
        ->type_name("")
        ->required();
    replay->add_option("--filter", command->filter, "run only what this pcap filter matches")
        ->type_name("EXPRESSION");
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
