// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/bench_sampler.h"

#include <algorithm>
#include <fmt/format.h>

namespace portscan {
namespace {

constexpr std::uint32_t most_steady = 2'000; // so that path and floor stay close in time
constexpr std::uint64_t seed = 5;

} // namespace

BenchSampler::BenchSampler(BenchStage &stage, const BenchPath &path, unsigned thread,
                           unsigned threads) :
    stage_{stage},
    path_{path},
    random_{seed, thread},
    tally_{stage},
    most_{path.is_steady() ? most_steady : stage.count(path.sources, path.ipv6) / threads} {}

std::uint32_t BenchSampler::send(BenchStep &step, const Address &source) {
    const TestRunResult result = test_run(stage_.program(), step.frame.from(source));
    tally_.expect(step.reason);
    const Verdict expected = verdict_of(step.reason, stage_.options().dry_run);
    if (result.verdict != expected)
        throw BenchError(fmt::format("{}: verdict {}, should be {} ({})", path_.name,
                                     to_string(result.verdict), to_string(expected),
                                     to_string(step.reason)));
    return result.duration_ns;
}

std::vector<Address> BenchSampler::draw(bool warm, std::uint32_t count) {
    std::vector<Address> sources;
    sources.reserve(count);
    const std::uint32_t pool = stage_.count(path_.sources, path_.ipv6);
    for (std::uint32_t i = 0; i < count; ++i) {
        if (!path_.is_steady()) {
            sources.push_back(BenchStage::source(path_, stage_.take_fresh()));
        } else {
            const auto drawn = static_cast<std::uint32_t>(random_.below(pool));
            sources.push_back(BenchStage::source(path_, warm ? pool / 2 : drawn));
        }
    }
    return sources;
}

void BenchSampler::prepare(const Address &source) {
    for (BenchStep &step : path_.before) send(step, source);
}

void BenchSampler::run(bool warm, std::uint32_t count, SingleRuns &runs) {
    std::vector<Address> sources = draw(warm, count);
    if (!path_.is_steady() && !warm) {
        for (const Address &source : sources) prepare(source);
        for (std::size_t i = sources.size(); i > 1; --i)
            std::swap(sources[i - 1], sources[random_.below(i)]);
    }
    for (const Address &source : sources) {
        if (warm) prepare(source);
        if (warm && path_.touch) send(*path_.touch, source);
        runs.path.add(send(path_.step, source));
    }
    for (const Address &source : sources)
        runs.empty.add(test_run(stage_.empty_program(), path_.step.frame.from(source)).duration_ns);
    if (!path_.is_steady() && !path_.evicts)
        to_forget_.insert(to_forget_.end(), sources.begin(), sources.end());
}

void BenchSampler::forget() {
    for (const Address &source : to_forget_) stage_.forget(source);
    to_forget_.clear();
    stage_.drain_events();
}

} // namespace portscan
