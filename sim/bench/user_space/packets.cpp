// SPDX-License-Identifier: GPL-2.0-or-later
// What becomes of packets: built, read, run, modelled, reported.
#include "sim/bench/user_space/samples.h"
#include "sim/capture.h"
#include "sim/model.h"
#include "sim/packet.h"
#include "sim/replay.h"
#include "sim/report_json.h"
#include "sim/rounds.h"
#include "sim/test_run.h"

#include <benchmark/benchmark.h>
#include <chrono>
#include <cstdlib>
#include <fmt/format.h>
#include <functional>
#include <optional>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <vector>

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

/// The frames of a capture one behind the other, as a bare loop finds them fastest.
class FlatFrames {
  public:
    explicit FlatFrames(const std::vector<Frame> &frames) {
        std::size_t size = 0;
        for (const Frame &frame : frames) size += frame.bytes.size();
        bytes_.reserve(size);
        for (const Frame &frame : frames) {
            sizes_.push_back(frame.bytes.size());
            bytes_.insert(bytes_.end(), frame.bytes.begin(), frame.bytes.end());
        }
    }
    void run(int program) const {
        ByteView rest{bytes_};
        for (const std::size_t size : sizes_) {
            test_run(program, rest.first(size));
            rest = rest.subspan(size);
        }
    }

  private:
    Bytes bytes_{};
    std::vector<std::size_t> sizes_{};
};

double seconds_of(const std::function<void()> &work) {
    const auto begin = Clock::now();
    work();
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Of all threads.
double cpu_seconds(int whose) {
    rusage usage{};
    getrusage(whose, &usage);
    const auto seconds = [](const timeval &time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// The command as it is given without options, from its start to its end. `of_bare_loop`: its
/// packet rate to that of the empty program run over the same frames, now one, now the other, the
/// median of the pairs. `with_one_cpu`: the same by CPU time, all threads added.
void replay_capture(benchmark::State &state) {
    auto frames = mixed_frames(static_cast<std::size_t>(state.range(0)));
    const SampleCapture capture{frames};
    const std::string command = fmt::format("{} replay {} >/dev/null", SIM_COMMAND, capture.path());
    const FlatFrames flat{frames};
    std::vector<Frame>{}.swap(frames);
    const FileDescriptor empty = load_floor_program(true);
    Rounds by_clock;
    Rounds by_cpu;
    for (auto _ : state) {
        const double cpu_before = cpu_seconds(RUSAGE_SELF);
        const double bare = seconds_of([&] { flat.run(empty.get()); });
        const double bare_cpu = cpu_seconds(RUSAGE_SELF) - cpu_before;
        const double others_before = cpu_seconds(RUSAGE_CHILDREN);
        int status = 0;
        const double replayed = seconds_of([&] { status = std::system(command.c_str()); });
        if (status != 0) return state.SkipWithError("the command failed");
        state.SetIterationTime(replayed);
        by_clock.add(bare / replayed);
        by_cpu.add(bare_cpu / (cpu_seconds(RUSAGE_CHILDREN) - others_before));
    }
    state.SetItemsProcessed(state.range(0) * state.iterations());
    state.counters["of_bare_loop"] = by_clock.median();
    state.counters["with_one_cpu"] = by_cpu.median();
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
