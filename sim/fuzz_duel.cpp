// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/fuzz_duel.h"

#include "bpf/portscan.h"
#include "sim/fuzz_text.h"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <variant>

namespace portscan {
namespace {

using Kind = FuzzStep::Kind;

constexpr std::string_view outcome_name = "outcome";

ModelRecord as_model(const SourceRecord &record) {
    ModelRecord result{.ports = {record.ports.begin(), record.ports.end()},
                       .timestamp_ns = record.timestamp_ns,
                       .blocked = record.blocked};
    if (!record.blocked) return result; // the rest is of blocks
    result.trigger_port = record.trigger_port;
    result.manual = record.manual;
    result.dry_run = record.dry_run;
    return result;
}

ModelEvent as_model(const BlockEvent &event) {
    return {.source = event.source,
            .time_ns = event.time_ns,
            .ports = event.ports,
            .trigger_port = event.trigger_port,
            .dry_run = event.dry_run};
}

ModelExpiry as_model(const ExpiryReport &report) {
    return {.sources_freed = report.sources_freed,
            .blocks_freed = report.blocks_freed,
            .sources_left = report.sources_left,
            .blocks_left = report.blocks_left};
}

/// Key of pscan_stats and what the model says of it.
std::array<std::uint64_t, PORTSCAN_COUNTERS> expected_counters(const Model &model) {
    const ModelCounters &counters = model.counters();
    std::array<std::uint64_t, PORTSCAN_COUNTERS> values{};
    std::ranges::copy(counters.verdicts, values.begin() + PORTSCAN_XDP_ABORTED);
    std::ranges::copy(counters.reasons, values.begin() + PORTSCAN_FIRST_REASON);
    values[PORTSCAN_PROBES] = counters.probes;
    values[PORTSCAN_REGISTRY_SIZE] = counters.registry_size;
    values[PORTSCAN_INSERTED] = counters.inserted;
    values[PORTSCAN_BLOCKS] = counters.blocks;
    values[PORTSCAN_WOULD_DROP] = counters.would_drop;
    return values;
}

class Duel {
  public:
    Duel(Simulator &simulator, Model &model, const DuelSettings &settings) :
        simulator_(simulator),
        model_(model),
        settings_(settings),
        counters_before_(simulator.counters()) {
        simulator_.take_events(); // of who used it before
    }

    DuelResult run(const FuzzTrace &trace) {
        for (index_ = 0; index_ < trace.size(); ++index_) {
            if (model_.counters().inserted >= settings_.insertions) break;
            const bool last = index_ + 1 == trace.size();
            play(trace[index_]);
            if (last || (index_ + 1) % settings_.everything_each == 0) compare_everything();
            if (difference_) return {std::move(difference_), index_ + 1};
        }
        if (index_ < trace.size() && index_ > 0) compare_everything();
        return {std::move(difference_), index_};
    }

  private:
    template <typename Value>
    void compare(std::string_view what, const Value &expected, const Value &got,
                 const std::optional<Prefix> &source = std::nullopt) {
        if (expected == got || difference_) return;
        if (settings_.outcomes_only && what != outcome_name) return;
        difference_ = FuzzDifference{.step = last_played_,
                                     .what = std::string{what},
                                     .expected = fuzz_text(expected),
                                     .got = fuzz_text(got),
                                     .source = source};
    }

    void play(const FuzzStep &step);
    void play_packet(const FuzzStep &step);
    void compare_record(const Prefix &source);
    void compare_everything();
    void compare_registry();
    void compare_counters();
    void compare_events();

    Simulator &simulator_;
    Model &model_;
    const DuelSettings &settings_;
    Counters counters_before_;
    std::size_t index_ = 0;
    std::size_t last_played_ = 0;
    std::size_t events_seen_ = 0;
    bool expired_ = false;
    std::optional<FuzzDifference> difference_;
};

void Duel::play(const FuzzStep &step) {
    last_played_ = index_;
    simulator_.set_time(step.time_ns);
    model_.set_time(step.time_ns);
    const Address &address = step.target.address;
    switch (step.kind) {
    case Kind::packet:
        return play_packet(step);
    case Kind::unblock:
        compare("unblock", model_.unblock(address), simulator_.unblock(address.to_string()));
        return compare_record(model_.source_of(address));
    case Kind::block:
        compare("block", model_.block(address),
                static_cast<ModelBlock>(simulator_.block(address.to_string())),
                model_.source_of(address));
        return compare_record(model_.source_of(address));
    case Kind::allow:
        model_.allow(step.target);
        simulator_.allow(step.target.to_string());
        break;
    case Kind::disallow:
        return compare("disallow", model_.disallow(step.target),
                       simulator_.disallow(step.target.to_string()));
    case Kind::expire:
        compare("expiry pass", model_.expire(), as_model(simulator_.expire()));
        expired_ = true;
        break;
    }
}

/// A detector that counts a packet under no reason, or returns no XDP action, is wrong; for the
/// simulator that is an error (EPROTO) like any other.
std::variant<ModelOutcome, std::string> outcome_of(Simulator &simulator, const Bytes &frame) {
    try {
        const RunResult result = simulator.step(frame);
        return ModelOutcome{result.verdict, result.reason};
    } catch (const std::system_error &error) {
        if (error.code() != std::error_code{EPROTO, std::generic_category()}) throw;
        return std::string{error.what()};
    }
}

void Duel::play_packet(const FuzzStep &step) {
    if (settings_.tick) settings_.tick();
    const ModelPacket packet = read_packet(step.frame);
    const ModelOutcome expected = model_.packet(step.frame);
    const auto got = outcome_of(simulator_, step.frame);
    const auto *const outcome = std::get_if<ModelOutcome>(&got);
    const bool has_source =
        packet.kind == ModelPacket::Kind::tcp || packet.kind == ModelPacket::Kind::not_tcp;
    const auto source = has_source ? std::optional{model_.source_of(packet.source)} : std::nullopt;
    if (outcome == nullptr)
        compare(outcome_name, fuzz_text(expected), std::get<std::string>(got), source);
    else
        compare(outcome_name, expected, *outcome, source);
    if (difference_) {
        difference_->is_outcome = true;
        return;
    }
    if (expected.reason == Reason::threshold) compare_events();
    if (source) compare_record(*source);
}

void Duel::compare_record(const Prefix &source) {
    const auto found = model_.records().find(source);
    const auto expected =
        found == model_.records().end() ? std::nullopt : std::optional{found->second};
    const auto record = simulator_.source(source.address.to_string());
    const auto got = record ? std::optional{as_model(*record)} : std::nullopt;
    compare("record", expected, got, source);
}

void Duel::compare_everything() {
    if (difference_) return;
    compare_registry();
    compare_counters();
    compare_events();
}

void Duel::compare_registry() {
    std::map<Prefix, ModelRecord> got;
    for (const SourceRecord &record : simulator_.sources())
        got.emplace(record.source, as_model(record));
    for (const auto &[source, record] : model_.records()) {
        const auto found = got.find(source);
        compare("record", std::optional{record},
                found == got.end() ? std::nullopt : std::optional{found->second}, source);
        if (found != got.end()) got.erase(found);
    }
    for (const auto &[source, record] : got)
        compare("record", std::optional<ModelRecord>{}, std::optional{record}, source);
}

void Duel::compare_counters() {
    const Counters counters = simulator_.counters();
    const auto expected = expected_counters(model_);
    for (std::size_t key = 0; key < expected.size(); ++key) {
        // A size and not a count: what the last pass saw, which may be of who was here before.
        const bool is_size = key == PORTSCAN_REGISTRY_SIZE;
        if (is_size && !expired_) continue;
        const std::uint64_t before = is_size ? 0 : counters_before_[key];
        compare("counter " + std::string{counter_names().at(key)}, expected[key],
                counters[key] - before);
    }
}

void Duel::compare_events() {
    std::vector<ModelEvent> got;
    for (const BlockEvent &event : simulator_.take_events()) got.push_back(as_model(event));
    const auto &all = model_.events();
    const std::vector<ModelEvent> expected(all.begin() + static_cast<std::ptrdiff_t>(events_seen_),
                                           all.end());
    events_seen_ = all.size();
    compare("events", expected, got);
}

} // namespace

DuelResult duel(Simulator &simulator, Model &model, const FuzzTrace &trace,
                const DuelSettings &settings) {
    return Duel{simulator, model, settings}.run(trace);
}

std::optional<ModelOutcome> play(Model &model, const FuzzStep &step) {
    model.set_time(step.time_ns);
    switch (step.kind) {
    case Kind::packet:
        return model.packet(step.frame);
    case Kind::unblock:
        model.unblock(step.target.address);
        break;
    case Kind::block:
        model.block(step.target.address);
        break;
    case Kind::allow:
        model.allow(step.target);
        break;
    case Kind::disallow:
        model.disallow(step.target);
        break;
    case Kind::expire:
        model.expire();
        break;
    }
    return std::nullopt;
}

void reset(Simulator &simulator, const FuzzTrace &trace) {
    for (const FuzzStep &step : trace)
        if (step.kind == Kind::allow) simulator.disallow(step.target.to_string());
    for (const Prefix &prefix : simulator.options().allow) simulator.allow(prefix.to_string());
    for (const SourceRecord &record : simulator.sources())
        simulator.unblock(record.source.address.to_string());
    simulator.expire(); // corrects the count of blocks, should it be wrong
}

} // namespace portscan
