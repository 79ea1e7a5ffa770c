// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/scenario_run.h"

#include "sim/dissect.h"
#include "sim/expectation_check.h"
#include "sim/scenario_play.h"
#include "sim/shell_word.h"

#include <algorithm>
#include <fmt/format.h>

namespace portscan {
namespace {

/// A frame that outlives the run's buffers, its headers at least.
class KeptFrame {
  public:
    void keep(const CapturedFrame &frame, const FrameOutcome &outcome) {
        constexpr std::size_t enough_for_headers = 512;
        const ByteView head = frame.bytes.first(std::min(frame.bytes.size(), enough_for_headers));
        head_.assign(head.begin(), head.end());
        frame_ = frame;
        outcome_ = outcome;
    }
    std::optional<FrameNote> note() const {
        if (frame_.number == 0) return std::nullopt;
        CapturedFrame frame = frame_;
        frame.bytes = head_;
        return note_frame(frame, outcome_);
    }

  private:
    CapturedFrame frame_;
    FrameOutcome outcome_;
    Bytes head_;
};

ReplayOptions replay_options(const Scenario &scenario, Clock clock) {
    ReplayOptions options{.report_sources = UINT64_MAX, .clock = clock};
    for (const ScenarioCase &one : scenario.cases)
        for (const SourceExpectation &source : one.expect.sources)
            options.details = options.details || source.wants_details();
    return options;
}

/// Feeds all frames of the scenario and holds what came out against the expectations. Returns why
/// the capture's reading ended early.
std::string check_expectations(const Scenario &scenario, const Expectations &expect, Replay &replay,
                               unsigned ipv6_prefix, const std::function<void()> &tick,
                               std::vector<Finding> &findings) {
    FrameChecker frames{expect.frames, scenario.source};
    std::string damage =
        play(scenario.input, replay, [&](const CapturedFrame &frame, const FrameOutcome &outcome) {
            frames.observe(frame, outcome);
            tick();
            return true;
        });
    findings = frames.findings();
    auto others = check_report(expect, replay.report(), ipv6_prefix, scenario.source);
    std::move(others.begin(), others.end(), std::back_inserter(findings));
    return damage;
}

/// One run of a case, from an empty registry.
class CaseRun {
  public:
    CaseRun(const Scenario &scenario, const DetectorOptions &options, const RunSettings &settings) :
        scenario_(scenario),
        options_(options),
        settings_(settings),
        simulator_(options, settings.simulator),
        replay_(simulator_, replay_options(scenario, settings.simulator.clock)) {}

    /// Returns why the capture's reading ended early.
    std::string check(const Expectations &expect, std::vector<Finding> &findings);
    /// Finds the frames of mismatches that came out of the books.
    void find_frames(std::vector<Finding> &findings);

  private:
    void tick() const {
        if (settings_.tick) settings_.tick();
    }

    const Scenario &scenario_;
    const DetectorOptions &options_;
    const RunSettings &settings_;
    Simulator simulator_;
    Replay replay_;
};

std::string CaseRun::check(const Expectations &expect, std::vector<Finding> &findings) {
    return check_expectations(
        scenario_, expect, replay_, options_.ipv6_prefix, [this] { tick(); }, findings);
}

void CaseRun::find_frames(std::vector<Finding> &findings) {
    std::vector<Finding *> open;
    for (Finding &finding : findings) {
        if (!finding.witness) continue;
        finding.mismatch.fell_short = true; // until a frame says otherwise
        open.push_back(&finding);
    }
    std::vector<KeptFrame> kept(findings.size());
    KeptFrame last;
    play(scenario_.input, replay_, [&](const CapturedFrame &frame, const FrameOutcome &outcome) {
        const auto source = dissect(frame).source;
        WitnessView view{.frame = frame, .outcome = outcome, .simulator = simulator_, .source = {}};
        if (source) view.source = source_of(*source, options_.ipv6_prefix);
        last.keep(frame, outcome);
        std::erase_if(open, [&](Finding *finding) {
            const Sighting sighting = finding->witness(view);
            if (sighting == Sighting::no) return false;
            kept[finding - findings.data()].keep(frame, outcome);
            finding->mismatch.fell_short = sighting == Sighting::counts;
            return sighting == Sighting::settled;
        });
        tick();
        return !open.empty();
    });
    for (std::size_t i = 0; i < findings.size(); ++i) {
        if (!findings[i].witness) continue;
        const auto note = kept[i].note();
        findings[i].mismatch.frame = note ? note : last.note();
    }
}

/// Runs and fills in what came out.
void run_into(CaseResult &result, const Scenario &scenario, const ScenarioCase &one,
              const RunSettings &settings) {
    const DetectorOptions options = case_options(one, settings);
    std::vector<Finding> findings;
    const std::string damage = CaseRun{scenario, options, settings}.check(one.expect, findings);
    if (!damage.empty()) {
        const unsigned line = std::get<CaptureInput>(scenario.input).line;
        result.errors.push_back(fmt::format("{}:{}: {}", result.file, line, damage));
    }
    const bool search = std::any_of(findings.begin(), findings.end(),
                                    [](const Finding &finding) { return bool(finding.witness); });
    if (search) CaseRun{scenario, options, settings}.find_frames(findings);
    for (Finding &finding : findings) result.mismatches.push_back(std::move(finding.mismatch));
    std::stable_sort(result.mismatches.begin(), result.mismatches.end(),
                     [](const Mismatch &a, const Mismatch &b) { return a.line < b.line; });
}

std::string case_title(const Scenario &scenario, const ScenarioCase &one) {
    if (scenario.title.empty() || one.title.empty()) return scenario.title + one.title;
    return fmt::format("{}: {}", scenario.title, one.title);
}

} // namespace

DetectorOptions case_options(const ScenarioCase &one, const RunSettings &settings) {
    DetectorOptions options;
    settings.options.apply(options);
    one.options.apply(options);
    validate(options);
    return options;
}

bool holds(const Scenario &scenario, const ScenarioCase &one, Simulator &simulator) {
    Replay replay{simulator, replay_options(scenario, Clock::capture)};
    std::vector<Finding> findings;
    const std::string damage = check_expectations(
        scenario, one.expect, replay, simulator.options().ipv6_prefix, [] {}, findings);
    return damage.empty() && findings.empty();
}

std::string command_line(std::string_view name, const RunSettings &settings) {
    std::string command = fmt::format("xdp-portscan-sim {}", name);
    for (const auto &[option, value] : settings.options.values) {
        const OptionSpec *const spec = find_option(option);
        const bool is_switch = spec != nullptr && spec->value_name.empty();
        if (!is_switch)
            command += fmt::format(" --{} {}", option, shell_word(value));
        else if (value == "true")
            command += fmt::format(" --{}", option);
    }
    if (!settings.simulator.object_path.empty()) {
        command += fmt::format(" --object {}", shell_word(settings.simulator.object_path));
    }
    if (settings.simulator.clock == Clock::wall) command += " --clock wall";
    return command;
}

std::string test_command(const std::string &path, const RunSettings &settings) {
    return fmt::format("{} {}", command_line("test", settings), shell_word(path));
}

CaseResult run_case(const Scenario &scenario, const ScenarioCase &one,
                    const RunSettings &settings) {
    CaseResult result{.file = scenario.source.path(),
                      .title = case_title(scenario, one),
                      .limitation = one.limitation,
                      .command = test_command(scenario.source.path(), settings)};
    const auto start = std::chrono::steady_clock::now();
    const auto *const capture = std::get_if<CaptureInput>(&scenario.input);
    try {
        run_into(result, scenario, one, settings);
    } catch (const OptionError &error) {
        result.errors.push_back(fmt::format("{}:{}: {}", result.file, one.line, error.what()));
    } catch (const CaptureError &error) {
        result.errors.push_back(fmt::format("{}:{}: {}", result.file, capture->line, error.what()));
    }
    result.duration = std::chrono::steady_clock::now() - start;
    return result;
}

std::vector<CaseResult> run_scenario(const Scenario &scenario, const RunSettings &settings) {
    std::vector<CaseResult> results;
    for (const ScenarioCase &one : scenario.cases) {
        results.push_back(run_case(scenario, one, settings));
    }
    return results;
}

CaseResult failed_scenario(const std::string &path, const ScenarioError &error,
                           const RunSettings &settings) {
    return {.file = path, .errors = error.lines(), .command = test_command(path, settings)};
}

} // namespace portscan
