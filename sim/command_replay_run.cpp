// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/command_replay_run.h"

#include "sim/console.h"
#include "sim/exit_status.h"
#include "sim/host_replay.h"
#include "sim/ordered_jobs.h"
#include "sim/pcap_access.h"
#include "sim/replay_feed.h"
#include "sim/shell_word.h"
#include "sim/state_log.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <utility>

namespace portscan {
namespace {

using namespace std::chrono_literals;

ReplayTargets targets_of(const ReplayCommand &command) {
    return {.json = command.json,
            .write_dropped = command.write_dropped,
            .write_passed = command.write_passed,
            .annotate = command.annotate,
            .html = command.html};
}

InputFiles inputs_of(const ReplayCommand &command, const std::vector<std::string> &captures) {
    InputFiles inputs;
    inputs.add_captures(captures);
    inputs.add_object(command.simulator.object_path);
    inputs.add_options(command.given);
    return inputs;
}

bool is_folder(const std::string &argument) {
    std::error_code ignored;
    return argument != "-" && std::filesystem::is_directory(argument, ignored);
}

/// No more than there are captures, as far as that is known before folders are opened.
unsigned worker_count(const ReplayCommand &command) {
    if (command.jobs == 1) return 1;
    const auto refuse = [](std::string_view option) {
        throw OptionError(
            fmt::format("jobs: --{} takes captures one after the other: leave --jobs out", option));
    };
    if (command.continues) refuse("continue");
    if (!command.annotate.empty()) refuse("annotate");
    if (!command.write_dropped.empty()) refuse("write-dropped");
    if (!command.write_passed.empty()) refuse("write-passed");
    const auto &captures = command.captures;
    if (std::any_of(captures.begin(), captures.end(), is_folder)) return command.jobs;
    return std::min(command.jobs, static_cast<unsigned>(captures.size()));
}

ReplaySession checked_session(const ReplayCommand &command) {
    const unsigned workers = worker_count(command);
    check_filter(command.filter);
    check_targets(targets_of(command),
                  inputs_of(command, command.captures)); // before it takes time
    return start_session(command, workers);
}

CaptureList checked_list(const ReplayCommand &command) {
    CaptureList list = list_captures(command.captures);
    check_targets(targets_of(command), inputs_of(command, list.captures));
    return list;
}

/// In one piece, whoever else writes meanwhile.
void print_line(std::string line) {
    line = printable(line) + "\n";
    std::fwrite(line.data(), 1, line.size(), stderr);
}

std::uint64_t size_of_all(const std::vector<std::string> &captures) {
    std::uint64_t size = 0;
    for (const std::string &capture : captures) {
        std::error_code error;
        const auto bytes = std::filesystem::file_size(capture, error);
        if (error) return 0;
        size += bytes;
    }
    return size;
}

} // namespace

/// What progress shows of a capture, added up now and then.
class ReplayRun::Share {
  public:
    Share(ReplayRun &run, const ReplayFeed &feed) : run_{run}, feed_{feed} {
        if (run_.alone()) run_.bytes_ = 0;
    }
    Share(const Share &) = delete;
    Share &operator=(const Share &) = delete;
    ~Share() { add(); }

    void step(std::uint64_t packets) {
        packets_ += packets;
        if (packets_ >= packets_a_look) add();
    }

  private:
    static constexpr std::uint64_t packets_a_look = 256;

    void add() {
        const std::uint64_t bytes = feed_.bytes_read();
        run_.packets_ += std::exchange(packets_, 0);
        run_.bytes_ += bytes - std::exchange(bytes_, bytes);
    }

    ReplayRun &run_;
    const ReplayFeed &feed_;
    std::uint64_t packets_ = 0, bytes_ = 0;
};

ReplayRun::ReplayRun(const ReplayCommand &command) :
    command_(command),
    session_(checked_session(command)),
    list_(checked_list(command)),
    outputs_(targets_of(command), list_.captures, session_.context,
             shell_words(command.command_line)),
    used_(session_.workers.size()),
    progress_(command.verbose ? ProgressOutput{} : ProgressOutput::standard_error()) {}

int ReplayRun::all() {
    say_what_is_no_capture();
    alone() ? one_after_the_other() : several_at_a_time();
    if (const std::size_t left = list_.captures.size() - taken_; left != 0)
        complain(fmt::format("interrupted: {} of {} captures not run, from '{}' on", left,
                             list_.captures.size(), list_.captures[taken_]));
    outputs_.close();
    interruption_.pass_on();
    return status_;
}

void ReplayRun::say_what_is_no_capture() {
    for (const std::string &line : left_out_lines(list_, command_.verbose)) warn(line);
    for (const std::string &line : list_.failures) failed(line);
}

void ReplayRun::one_after_the_other() {
    for (std::size_t item = 0; item < list_.captures.size() && !interruption_.interrupted(); ++item)
        take(replay(0, item));
}

void ReplayRun::several_at_a_time() {
    progress_.start({.label = fmt::format("{} captures", list_.captures.size()),
                     .unit = "packets",
                     .total = size_of_all(list_.captures),
                     .position = [this] { return bytes_.load(); }});
    OrderedJobs<CaptureResult> jobs{
        static_cast<unsigned>(session_.workers.size()), list_.captures.size(),
        [this](unsigned worker, std::size_t item) { return replay(worker, item); }};
    while (!jobs.done()) {
        const auto result = jobs.next(100ms);
        if (interruption_.interrupted()) jobs.stop();
        if (result)
            take(*result);
        else
            progress_.reach(packets_);
    }
}

/// Before anything is run: a capture that does not open leaves the state as it is.
void ReplayRun::prepare(unsigned worker) {
    if (std::exchange(used_[worker], 1) == 0) return;
    CaptureReplay &replay = *session_.workers[worker];
    command_.continues ? replay.begin_capture() : replay.start_over();
}

CaptureResult ReplayRun::replay(unsigned worker, std::size_t item) {
    const std::string &capture = list_.captures[item];
    try {
        CaptureReader reader =
            CaptureReader::open(capture, outputs_.capture_options(command_.filter));
        prepare(worker);
        if (alone()) {
            const std::size_t all = list_.captures.size();
            progress_.start(
                {.label = all == 1 ? capture : fmt::format("{} of {}, {}", item + 1, all, capture),
                 .unit = "packets",
                 .total = reader.file_size(),
                 .position = [this] { return bytes_.load(); }});
        }
        return replay_opened(reader, *session_.workers[worker], capture);
    } catch (const CaptureError &error) {
        // A pipe whose other end has not come is waited for until a signal comes.
        return {.capture = capture,
                .failure = interruption_.interrupted() ? capture + ": interrupted" : error.what()};
    }
}

CaptureResult ReplayRun::replay_opened(CaptureReader &reader, CaptureReplay &replay,
                                       const std::string &capture) {
    CaptureResult result{.capture = capture};
    OwnHostDetector own_host;
    const bool ended = feed_all(reader, replay, own_host, result);
    if (alone()) progress_.clear();
    result.report = replay.report();
    result.report->capture = capture;
    result.report->damage = ended ? reader.damage() : "interrupted";
    result.warnings = warnings_of(*result.report);
    if (result.report->hosts) return result;
    if (const auto hint = own_host.hint(result.report->sources))
        result.warnings.push_back(fmt::format("{}: {}", capture, *hint));
    return result;
}

/// Until the capture ends, or its damage; false if a signal came before that.
bool ReplayRun::feed_all(CaptureReader &reader, CaptureReplay &replay, OwnHostDetector &own_host,
                         CaptureResult &result) {
    const auto visit = [&](const CapturedFrame &frame, const FrameOutcome &outcome) {
        if (outputs_.wants_frames()) outputs_.frame(frame, outcome);
        if (outputs_.wants_timeline()) add_to(result.timeline, outcome);
        if (command_.verbose)
            for (const std::string &line :
                 state_changes(result.capture, frame, outcome, session_.context.options))
                print_line(line);
    };
    const bool wanted = outputs_.wants_frames() || outputs_.wants_timeline() || command_.verbose;
    ReplayFeed feed{reader,
                    replay,
                    {.visit = wanted ? OutcomeVisitor{visit} : OutcomeVisitor{},
                     .ahead = alone() && command_.annotate.empty()}};
    Share share{*this, feed};
    bool ended = false;
    while (!ended && !interruption_.interrupted()) {
        auto frames = feed.next();
        ended = frames.empty();
        if (ended) break;
        while (!frames.empty() && !interruption_.interrupted()) {
            const std::size_t fed = feed.run(frames);
            for (const CapturedFrame &frame : frames.first(fed)) own_host.observe(frame);
            frames = frames.subspan(fed);
            share.step(fed);
            if (alone()) progress_.step(fed);
        }
        feed.done();
    }
    feed.finish();
    return ended && (reader.damage().empty() || !interruption_.interrupted());
}

/// What an analyst would want to know before believing the figures.
std::vector<std::string> ReplayRun::warnings_of(const ReplayReport &report) const {
    std::vector<std::string> warnings;
    const auto add = [&](const std::string &text) {
        warnings.push_back(fmt::format("{}: {}", report.capture, text));
    };
    const bool none = report.packets != 0 && report.not_selected == report.packets;
    if (command_.hosts && none)
        add(fmt::format("none of the {} packets is for --host {}", report.packets,
                        *command_.hosts));
    else if (!command_.filter.empty() && none)
        add(nothing_selected(report.packets));
    if (report.time_held > report.packets / 10)
        add(fmt::format("{} of {} packets are earlier than one before them, and were run at its "
                        "time: reordercap(1) puts them in order",
                        report.time_held, report.packets));
    if (report.hosts && report.hosts->left_out_packets != 0)
        add(fmt::format("{} packets for hosts beyond the first {} are left out: name fewer with "
                        "--host",
                        report.hosts->left_out_packets, HostReplay::most_hosts));
    return warnings;
}

void ReplayRun::failed(const std::string &why) {
    complain(why);
    outputs_.failure(why);
    status_ = std::max<int>(status_, exit_unreadable);
}

void ReplayRun::take(const CaptureResult &result) {
    progress_.clear();
    ++taken_;
    if (!result.report) return failed(result.failure);
    const ReplayReport &report = *result.report;
    outputs_.report(report, result.timeline);
    for (const std::string &warning : result.warnings) warn(warning);
    if (!report.damage.empty()) {
        complain(fmt::format("{}: {}", report.capture, report.damage));
        status_ = std::max<int>(status_, exit_unreadable);
        return;
    }
    const bool blocked = report.counters.find("blocks").value_or(0) != 0;
    if (blocked && command_.fail_on_block) status_ = std::max<int>(status_, exit_failed);
}

} // namespace portscan
