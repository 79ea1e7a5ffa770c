// SPDX-License-Identifier: GPL-2.0-or-later
// What becomes of packets: built, read, run, modelled, reported.
#include "sim/bench/user_space/samples.h"
#include "sim/capture.h"
#include "sim/model.h"
#include "sim/packet.h"
#include "sim/read_ahead.h"
#include "sim/replay.h"
#include "sim/report_json.h"
#include "sim/rounds.h"
#include "sim/test_run.h"

#include <benchmark/benchmark.h>
#include <chrono>
#include <ctime>
#include <functional>
#include <optional>
#include <sstream>

namespace portscan::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int replay_pairs = 9;

void count_frames(benchmark::State &state, std::size_t frames) {
    state.SetItemsProcessed(static_cast<std::int64_t>(frames) * state.iterations());
}

void build_probe(benchmark::State &state) {
    for (auto _ : state) benchmark::DoNotOptimize(tcp("10.0.0.1", "10.0.0.9", 22, "S").bytes());
    count_frames(state, 1);
}

void build_ipv6_fragment(benchmark::State &state) {
    for (auto _ : state)
        benchmark::DoNotOptimize(tcp("2001:db8::1", "fd00::9", 22, "S")
                                     .vlan(7)
                                     .hop_by_hop()
                                     .payload_size(1'000)
                                     .fragment(0, 512)
                                     .bytes());
    count_frames(state, 1);
}

void read_capture(benchmark::State &state) {
    const auto count = static_cast<std::size_t>(state.range(0));
    const SampleCapture capture{mixed_frames(count)};
    for (auto _ : state) {
        CaptureReader reader = CaptureReader::open(capture.path());
        std::size_t read = 0;
        while (reader.next()) ++read;
        if (read != count) state.SkipWithError("the capture did not hold all its frames");
    }
    count_frames(state, count);
}

void run_model(benchmark::State &state) {
    const auto frames = mixed_frames(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        Model model{{}};
        for (const Frame &frame : frames) {
            model.set_time(frame.time_ns);
            benchmark::DoNotOptimize(model.packet(frame.bytes));
        }
    }
    count_frames(state, frames.size());
}

void replay_once(const std::string &path) {
    Simulator simulator{{}};
    Replay replay{simulator, {.floor = true}};
    CaptureReader reader = CaptureReader::open(path);
    if (ReadAhead::pays_for(reader)) {
        ReadAhead ahead{reader};
        while (const CapturedFrame *const frame = ahead.next()) replay.feed(*frame);
    } else {
        while (const auto frame = reader.next()) replay.feed(*frame);
    }
    std::ostringstream json;
    write_json(json, replay.report(), context_of(simulator, portscan::Clock::capture));
    benchmark::DoNotOptimize(json.str().data());
}

/// What some work took, in seconds: on the clock, of this thread's CPU time, and of the process'.
struct Cost {
    double clock = 0, thread = 0, process = 0;
};

double cpu_seconds(clockid_t id) {
    timespec time{};
    clock_gettime(id, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

Cost cost_of(const std::function<void()> &work) {
    const auto begin = Clock::now();
    const double thread = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
    const double process = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
    work();
    return {.clock = std::chrono::duration<double>(Clock::now() - begin).count(),
            .thread = cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - thread,
            .process = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - process};
}

/// From opening the capture to the JSON, loading included. `of_bare_loop`: its packet rate to that
/// of the empty program run over the same frames, now one, now the other, the median of the pairs.
/// `with_two_cpus` and `with_one_cpu`: the same by CPU time, where reading has a CPU of its own and
/// where it has not; on a machine that has something else to do these two say more.
void replay_capture(benchmark::State &state) {
    const auto frames = mixed_frames(static_cast<std::size_t>(state.range(0)));
    const SampleCapture capture{frames};
    const FileDescriptor empty = load_floor_program(true);
    Rounds by_clock;
    Rounds with_two_cpus;
    Rounds with_one_cpu;
    for (auto _ : state) {
        const Cost bare = cost_of([&] {
            for (const Frame &frame : frames) test_run(empty.get(), frame.bytes);
        });
        const Cost replayed = cost_of([&] { replay_once(capture.path()); });
        state.SetIterationTime(replayed.clock);
        by_clock.add(bare.clock / replayed.clock);
        with_two_cpus.add(bare.thread / replayed.thread);
        with_one_cpu.add(bare.process / replayed.process);
    }
    count_frames(state, frames.size());
    state.counters["of_bare_loop"] = by_clock.median();
    state.counters["with_two_cpus"] = with_two_cpus.median();
    state.counters["with_one_cpu"] = with_one_cpu.median();
}

/// The JSON of a capture with so many sources.
void write_report(benchmark::State &state) {
    ReplayReport report{.capture = "a.pcap"};
    for (std::int64_t i = 0; i < state.range(0); ++i)
        report.sources.push_back(
            {.address = Prefix::parse("10.0.0.1").value(),
             .state = SourceState::active,
             .blocked = true,
             .ports = {22, 23, 25},
             .probes = 10,
             .packets = 12,
             .dropped = 7,
             .first_seen_ns = 1'700'000'000'000'000'000,
             .blocks = {{.at_ns = 1'700'000'001'000'000'000, .frame = 4, .trigger_port = 80}}});
    report.counters.values.resize(counter_names().size());
    for (auto _ : state) {
        std::ostringstream json;
        write_json(json, report, {});
        benchmark::DoNotOptimize(json.str().data());
    }
    count_frames(state, report.sources.size());
}

BENCHMARK(build_probe)->Name("BuildPacket/probe");
BENCHMARK(build_ipv6_fragment)->Name("BuildPacket/ipv6_fragment");
BENCHMARK(read_capture)->Name("ReadCapture")->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(run_model)->Name("Model")->Arg(100'000)->Unit(benchmark::kMillisecond);
BENCHMARK(replay_capture)
    ->Name("Replay")
    ->Arg(100'000)
    ->Arg(1'000'000)
    ->Iterations(replay_pairs)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(write_report)->Name("Report")->Arg(100'000)->Unit(benchmark::kMillisecond);

} // namespace
} // namespace portscan::bench
