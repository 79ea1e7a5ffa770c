// SPDX-License-Identifier: GPL-2.0-or-later
// Scenario files: what they say, the traffic that they ask for, and what --bless makes of them.
#include "sim/rewrite.h"
#include "sim/scenario.h"
#include "sim/traffic.h"
#include "tests/fuzz/fuzz.h"

#include <algorithm>

namespace {

using namespace portscan;

constexpr const char *path = "none/fuzz.scenario.toml";
constexpr unsigned most_frames = 100;
constexpr std::size_t most_rewrites = 4; // each reads the file again

void check_traffic(const std::vector<TrafficSpec> &specs) {
    const auto frames = open_traffic(specs);
    for (unsigned i = 0; i < most_frames; ++i) {
        const auto frame = frames->next();
        if (!frame) break;
        fuzz::require(frame->time_ns <= INT64_MAX, "traffic ends with time");
    }
}

void check_options(const ScenarioCase &one) {
    DetectorOptions options;
    try {
        one.options.apply(options);
        validate(options);
    } catch (const OptionError &error) {
        fuzz::require_message(error.what());
    }
}

/// The file, a scenario still, after --bless made `expected` state other words.
Scenario rewritten(const SourceText &source, const Expected &expected,
                   const std::vector<std::string> &words) {
    const Rewrite rewrite = rewrite_value(source, expected, words);
    fuzz::require(rewrite.value.end <= source.text().size(), "a value stands in the file");
    try {
        return parse_scenario({path, apply_edits(source.text(), rewrite.edits)});
    } catch (const ScenarioError &error) {
        fuzz::fail(error.what());
    }
}

void check_totals(const Scenario &scenario) {
    const auto &totals = scenario.cases.front().expect.totals;
    for (std::size_t i = 0; i < std::min(totals.size(), most_rewrites); ++i) {
        const std::vector<std::string> words{"12345"};
        const Scenario again = rewritten(scenario.source, totals[i], words);
        fuzz::require(again.cases.front().expect.totals.at(i).words == words,
                      "a blessed number is the one that was told");
    }
}

void check_ever_blocked(const Scenario &scenario) {
    const auto &expected = scenario.cases.front().expect.ever_blocked;
    if (!expected) return;
    for (const auto &words : {std::vector<std::string>{}, {"10.9.8.7"}, {"10.9.8.7", "fe80::1"}}) {
        const Scenario again = rewritten(scenario.source, *expected, words);
        fuzz::require(again.cases.front().expect.ever_blocked->words == words,
                      "a blessed list is the one that was told");
    }
}

void check_columns(const Scenario &scenario) {
    const auto &frames = scenario.cases.front().expect.frames;
    for (std::size_t i = 0; i < std::min(frames.size(), most_rewrites); ++i) {
        if (!frames[i].verdict) continue;
        const std::vector<std::string> words{"aborted"};
        const Scenario again = rewritten(scenario.source, *frames[i].verdict, words);
        fuzz::require(again.cases.front().expect.frames.at(i).verdict->words == words,
                      "a blessed verdict is the one that was told");
    }
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    try {
        const Scenario scenario =
            parse_scenario({path, std::string{fuzz::text_of(data, size)}}, ScenarioUse::frames);
        fuzz::require(!scenario.cases.empty(), "a scenario has a case");
        for (const ScenarioCase &one : scenario.cases) check_options(one);
        if (const auto *const traffic = std::get_if<std::vector<TrafficSpec>>(&scenario.input))
            check_traffic(*traffic);
        if (scenario.cases.size() > 1 || scenario.cases.front().expect.empty()) return 0;
        check_totals(scenario);
        check_ever_blocked(scenario);
        check_columns(scenario);
    } catch (const ScenarioError &error) {
        for (const std::string &line : error.lines()) fuzz::require_message(line);
    }
    return 0;
}
