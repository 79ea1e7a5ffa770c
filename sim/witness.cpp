// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/witness.h"

#include "sim/dissect.h"
#include "sim/expectation_fields.h"

#include <algorithm>
#include <memory>

namespace portscan {
namespace {

using Predicate = std::function<bool(const WitnessView &)>;

bool reason_is(const WitnessView &view, Reason reason) {
    return view.outcome.result && view.outcome.result->reason == reason;
}

bool verdict_is(const WitnessView &view, Verdict verdict) {
    return view.outcome.result && view.outcome.result->verdict == verdict;
}

bool is_probe(const WitnessView &view) {
    return view.outcome.result && dissect(view.frame).is_probe;
}

/// Names the frame after which the count of matching frames exceeds `expected`.
Witness count_witness(Predicate matches, std::uint64_t expected) {
    return [matches = std::move(matches), expected,
            count = std::uint64_t{0}](const WitnessView &view) mutable {
        if (!matches(view)) return Sighting::no;
        return ++count > expected ? Sighting::settled : Sighting::counts;
    };
}

/// The same for a counter that only the program keeps.
Witness counter_witness(std::string name, std::uint64_t expected) {
    return [name = std::move(name), expected,
            last = std::uint64_t{0}](const WitnessView &view) mutable {
        const std::uint64_t value = view.simulator.counters().find(name).value_or(0);
        const bool raised = value > last;
        last = value;
        if (value > expected) return Sighting::settled;
        return raised ? Sighting::counts : Sighting::no;
    };
}

/// What makes a frame count for a total, where frames tell.
Predicate total_predicate(std::string_view key) {
    if (key == "packets") return [](const WitnessView &) { return true; };
    if (key == "not-selected") {
        return [](const WitnessView &view) { return !view.outcome.result && !view.outcome.skip; };
    }
    if (key == "time-held") {
        return [](const WitnessView &view) { return view.outcome.time_ns > view.frame.time_ns; };
    }
    if (key == "skipped") {
        return [](const WitnessView &view) { return view.outcome.skip.has_value(); };
    }
    if (key.starts_with("skipped.")) {
        return [reason = with_underscores(key.substr(8))](const WitnessView &view) {
            return view.outcome.skip && to_string(*view.outcome.skip) == reason;
        };
    }
    if (const auto verdict = parse_verdict(key)) {
        return [verdict](const WitnessView &view) { return verdict_is(view, *verdict); };
    }
    if (const auto reason = parse_reason(with_underscores(key))) {
        return [reason](const WitnessView &view) { return reason_is(view, *reason); };
    }
    return nullptr;
}

/// Names the frame that recorded the first port that ought to be another one, in the latest record
/// that has it there; where ports are missing, the last frame that recorded one.
Witness ports_witness(const std::vector<std::string> &expected,
                      const std::vector<std::string> &got) {
    const auto differing = std::mismatch(got.begin(), got.end(), expected.begin(), expected.end());
    const auto place = static_cast<std::size_t>(differing.first - got.begin());
    const std::string port = differing.first == got.end() ? "" : *differing.first;
    return [place, port, recorded = std::size_t{0}](const WitnessView &view) mutable {
        if (!reason_is(view, Reason::recorded)) return Sighting::no;
        if (view.outcome.result->new_record) recorded = 0;
        const auto seen = dissect(view.frame).destination_port;
        const bool same_place = recorded++ == place;
        if (port.empty()) return Sighting::counts;
        return same_place && seen && std::to_string(*seen) == port ? Sighting::differs
                                                                   : Sighting::no;
    };
}

/// Names the frame where the source was blocked or ought to have been, whichever comes first.
Witness block_witness(std::optional<std::uint64_t> expected_frame) {
    return [expected_frame](const WitnessView &view) {
        if (expected_frame && view.frame.number >= *expected_frame) return Sighting::settled;
        if (reason_is(view, Reason::threshold)) return Sighting::settled;
        return is_probe(view) ? Sighting::counts : Sighting::no;
    };
}

Witness field_witness(std::string_view key, const std::vector<std::string> &expected,
                      const std::vector<std::string> &got) {
    if (key == "ports") return ports_witness(expected, got);
    const bool counts = key == "packets" || key == "probes" || key == "dropped";
    const bool numeric = counts || key == "blocked-at-frame" || key == "frame";
    const std::uint64_t number = numeric ? std::stoull(expected.front()) : 0;
    if (key == "probes") return count_witness(is_probe, number);
    if (key == "packets") return count_witness([](const WitnessView &) { return true; }, number);
    if (key == "dropped") {
        return count_witness(
            [](const WitnessView &view) { return verdict_is(view, Verdict::drop); }, number);
    }
    if (key == "first-seen") return [](const WitnessView &) { return Sighting::settled; };
    return block_witness(numeric ? std::optional{number} : std::nullopt);
}

} // namespace

Witness total_witness(std::string_view key, std::uint64_t expected) {
    if (Predicate predicate = total_predicate(key)) return count_witness(predicate, expected);
    return counter_witness(with_underscores(key), expected);
}

Witness source_witness(const Prefix &source, std::string_view key,
                       const std::vector<std::string> &expected,
                       const std::vector<std::string> &got) {
    return [source, inner = field_witness(key, expected, got)](const WitnessView &view) {
        return view.source == source ? inner(view) : Sighting::no;
    };
}

Witness frame_witness(std::uint64_t number) {
    return [number](const WitnessView &view) {
        return view.frame.number == number ? Sighting::settled : Sighting::no;
    };
}

} // namespace portscan
