// SPDX-License-Identifier: GPL-2.0-or-later
// What becomes of packets: built, read, run, modelled, reported.
#include "loader/passing_program.h"
#include "sim/bench/user_space/samples.h"
#include "sim/capture.h"
#include "sim/model.h"
#include "sim/packet.h"
#include "sim/read_ahead.h"
#include "sim/replay.h"
#include "sim/report_json.h"
#include "sim/test_run.h"

#include <benchmark/benchmark.h>
#include <cerrno>
#include <chrono>
#include <optional>
#include <sstream>
#include <system_error>

namespace portscan::bench {
namespace {

using Clock = std::chrono::steady_clock;

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

FileDescriptor load_empty_program() {
    FileDescriptor program = load_passing_program(BPF_PROG_TYPE_XDP, BPF_F_XDP_HAS_FRAGS);
    if (program.get() < 0)
        throw std::system_error(errno, std::generic_category(), "load empty program");
    return program;
}

void replay_once(const std::string &path) {
    Simulator simulator{{}};
    Replay replay{simulator, {.floor = true}};
    CaptureReader reader = CaptureReader::open(path);
    std::optional<ReadAhead> ahead;
    if (ReadAhead::pays_for(reader)) ahead.emplace(reader);
    while (const auto frame = ahead ? ahead->next() : reader.next()) replay.feed(*frame);
    std::ostringstream json;
    write_json(json, replay.report(), context_of(simulator, portscan::Clock::capture));
    benchmark::DoNotOptimize(json.str().data());
}

double seconds_of(const std::function<void()> &work) {
    const auto begin = Clock::now();
    work();
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// From opening the capture to the JSON, loading included. `of_bare_loop`: its packet rate to that
/// of the empty program run over the same frames, now one, now the other.
void replay_capture(benchmark::State &state) {
    const auto frames = mixed_frames(static_cast<std::size_t>(state.range(0)));
    const SampleCapture capture{frames};
    const FileDescriptor empty = load_empty_program();
    double replayed = 0;
    double bare = 0;
    for (auto _ : state) {
        bare += seconds_of([&] {
            for (const Frame &frame : frames) test_run(empty.get(), frame.bytes);
        });
        const double seconds = seconds_of([&] { replay_once(capture.path()); });
        state.SetIterationTime(seconds);
        replayed += seconds;
    }
    count_frames(state, frames.size());
    state.counters["of_bare_loop"] = bare / replayed;
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
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(write_report)->Name("Report")->Arg(100'000)->Unit(benchmark::kMillisecond);

} // namespace
} // namespace portscan::bench
