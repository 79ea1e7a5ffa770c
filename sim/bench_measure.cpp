// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/bench_measure.h"

#include "sim/bench_sampler.h"
#include "sim/measure.h"
#include "sim/paced_rounds.h"
#include "sim/rounds.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

namespace portscan {
namespace {

constexpr unsigned single_rounds = 10;

BenchFigure figure_of(const Rounds &rounds) {
    return {.value = rounds.median(), .noise = rounds.noise()};
}

/// The percentiles of a distribution, each with those of the rounds that it was measured in.
class SingleFigures {
  public:
    void add(const SingleRuns &round) {
        const double floor = floor_of(round);
        for (std::size_t i = 0; i < quantiles.size(); ++i)
            rounds_[i].add(value_of(round, i) - floor);
        all_.path.merge(round.path);
        all_.empty.merge(round.empty);
    }

    SingleCost cost() const {
        const auto &empty = all_.empty;
        SingleCost cost{.samples = all_.path.count(),
                        .p50 = figure(0),
                        .p90 = figure(1),
                        .p99 = figure(2),
                        .p999 = figure(3),
                        .max = figure(4),
                        .empty = {.p50 = ns(empty.percentile(p50)),
                                  .p90 = ns(empty.percentile(p90)),
                                  .p99 = ns(empty.percentile(p99)),
                                  .p999 = ns(empty.percentile(p999)),
                                  .max = ns(empty.max())},
                        .histogram = {}};
        for (const LatencyBar &bar : all_.path.bars())
            cost.histogram.push_back({ns(bar.up_to) - floor_of(all_), bar.count});
        return cost;
    }

  private:
    static constexpr std::array quantiles{p50, p90, p99, p999, Quantile{1, 1}};

    static double ns(std::uint64_t value) { return static_cast<double>(value); }
    static double floor_of(const SingleRuns &runs) { return ns(runs.empty.percentile(p50)); }
    static double value_of(const SingleRuns &runs, std::size_t quantile) {
        return ns(runs.path.percentile(quantiles[quantile]));
    }
    BenchFigure figure(std::size_t quantile) const {
        return {.value = value_of(all_, quantile) - floor_of(all_),
                .noise = rounds_[quantile].noise()};
    }

    SingleRuns all_;
    std::array<Rounds, quantiles.size()> rounds_;
};

/// Of the CPU, again and again while a path is measured.
class PaceRounds {
  public:
    void add(const CpuPace &pace) {
        cycle_ns_.add(pace.cycle_ns);
        additions_per_cycle_.add(pace.additions_per_cycle);
    }
    void give(PathCost &cost) const {
        cost.cycle_ns = figure_of(cycle_ns_);
        cost.additions_per_cycle = figure_of(additions_per_cycle_);
    }

  private:
    Rounds cycle_ns_;
    Rounds additions_per_cycle_;
};

/// Everything about one path.
class PathMeasurement {
  public:
    PathMeasurement(BenchStage &stage, const BenchPath &path, const BenchPlan &plan) :
        stage_{stage},
        path_{path},
        plan_{plan},
        tally_{stage} {}

    SteadyCost steady(bool two_cpus);
    SingleCost single(bool warm);
    SingleCost single_on_two();
    void check() const { tally_.check(path_, stage_.level()); }
    const PaceRounds &pace() const { return pace_; }

  private:
    using Batch = std::function<void(std::uint32_t count, SingleRuns &runs)>;
    SingleCost collect(std::uint32_t most, const Batch &batch) const;

    BenchStage &stage_;
    const BenchPath &path_;
    const BenchPlan &plan_;
    BenchTally tally_;
    PaceRounds pace_{}; ///< of the CPU that this thread is pinned to, so not of two
};

/// Now the floor first, now the path: what drifts cancels out.
SteadyCost PathMeasurement::steady(bool two_cpus) {
    const auto measure = [&](int program, ByteView frame, std::uint32_t repeat) {
        return two_cpus ? steady_cost_on_two(program, frame, repeat)
                        : steady_cost(program, frame, repeat);
    };
    SourceFrame sender = path_.step.frame;
    const ByteView frame =
        sender.from(BenchStage::source(path_, stage_.count(path_.sources, path_.ipv6) / 2));
    const std::uint32_t warm_up = plan_.repeat / 10;
    measure(stage_.empty_program(), frame, warm_up);
    measure(stage_.program(), frame, warm_up);
    Rounds above;
    Rounds empty;
    std::vector<PacedRound> paced;
    CpuPace pace = two_cpus ? CpuPace{} : cpu_pace();
    for (unsigned round = 0; round < plan_.rounds; ++round) {
        const auto floor = [&] { return measure(stage_.empty_program(), frame, plan_.repeat); };
        double before = round % 2 == 0 ? floor() : 0;
        const double cost = measure(stage_.program(), frame, plan_.repeat);
        if (round % 2 != 0) before = floor();
        above.add(cost - before);
        empty.add(before);
        if (two_cpus) continue;
        const CpuPace pace_before = std::exchange(pace, cpu_pace());
        pace_.add(pace);
        paced.push_back({.ns = cost - before,
                         .additions_per_cycle =
                             std::min(pace_before.additions_per_cycle, pace.additions_per_cycle)});
    }
    tally_.expect(path_.step.reason,
                  (std::uint64_t{warm_up} + std::uint64_t{plan_.repeat} * plan_.rounds) *
                      (two_cpus ? 2 : 1));
    SteadyCost result{.above = figure_of(above), .empty = figure_of(empty)};
    if (!two_cpus) result.quarters = quarters_of(std::move(paced));
    return result;
}

/// In rounds of as many packets each, for the noise.
SingleCost PathMeasurement::collect(std::uint32_t most, const Batch &batch) const {
    SingleFigures figures;
    const std::uint32_t wanted = plan_.samples / single_rounds;
    SingleRuns ignored;
    batch(std::min(most, wanted), ignored); // warm-up
    for (unsigned round = 0; round < single_rounds; ++round) {
        SingleRuns runs;
        for (std::uint32_t left = wanted; left > 0;) {
            const std::uint32_t now = std::min(left, most);
            batch(now, runs);
            left -= now;
        }
        figures.add(runs);
    }
    return figures.cost();
}

SingleCost PathMeasurement::single(bool warm) {
    BenchSampler sampler{stage_, path_, 0, 1};
    SingleCost cost = collect(sampler.most(), [&](std::uint32_t count, SingleRuns &runs) {
        pace_.add(cpu_pace());
        sampler.run(warm, count, runs);
        sampler.forget();
    });
    tally_.add(sampler.tally());
    return cost;
}

SingleCost PathMeasurement::single_on_two() {
    std::array samplers{BenchSampler{stage_, path_, 0, 2}, BenchSampler{stage_, path_, 1, 2}};
    SingleCost cost = collect(samplers[0].most(), [&](std::uint32_t count, SingleRuns &runs) {
        std::array<SingleRuns, 2> both;
        on_two_cpus([&](unsigned i) { samplers[i].run(false, count, both[i]); });
        for (unsigned i = 0; i < 2; ++i) {
            samplers[i].forget();
            runs.path.merge(both[i].path);
            runs.empty.merge(both[i].empty);
        }
    });
    for (const BenchSampler &sampler : samplers) tally_.add(sampler.tally());
    return cost;
}

} // namespace

PathCost measure_path(BenchStage &stage, const BenchPath &path, const BenchPlan &plan) {
    PathMeasurement measurement{stage, path, plan};
    PathCost cost{.path = path.name,
                  .level = stage.level(),
                  .verdict = verdict_of(path.step.reason, stage.options().dry_run),
                  .reason = path.step.reason};
    if (path.is_steady()) {
        cost.steady = measurement.steady(false);
        if (plan.two_cpus) cost.steady_two = measurement.steady(true);
    }
    cost.warm = measurement.single(true);
    cost.cold = measurement.single(false);
    if (plan.two_cpus && !path.is_steady()) cost.cold_two = measurement.single_on_two();
    measurement.pace().give(cost);
    measurement.check();
    return cost;
}

} // namespace portscan
