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
#include <thread>
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

/// The frames of a capture one behind the other, as they are in the file.
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

/// What some work took, in seconds: on the clock, and of CPU time of all threads.
struct Cost {
    double clock = 0, cpu = 0;
};

double cpu_seconds(int whose) {
    rusage usage{};
    getrusage(whose, &usage);
    const auto seconds = [](const timeval &time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Cost cost_of(int whose, const std::function<void()> &work) {
    const auto begin = Clock::now();
    const double cpu = cpu_seconds(whose);
    work();
    return {.clock = std::chrono::duration<double>(Clock::now() - begin).count(),
            .cpu = cpu_seconds(whose) - cpu};
}

/// The kernel frees the maps of a process that is gone while what comes next is measured.
void wait_for_the_kernel() {
    std::this_thread::sleep_for(std::chrono::milliseconds{200});
}

/// The command from its start to its end, with options or none. `of_bare_loop`: its packet rate to
/// that of the empty program run over the same frames, now one, now the other first, the median of
/// the pairs. `by_cpu_time`: the same of the CPU time of all threads.
void replay_capture(benchmark::State &state, const char *options) {
    auto frames = mixed_frames(static_cast<std::size_t>(state.range(0)));
    const SampleCapture capture{frames};
    const FlatFrames flat{frames};
    std::vector<Frame>{}.swap(frames);
    const FileDescriptor empty = load_floor_program(true);
    const std::string command =
        fmt::format("'{}' replay {} '{}' >/dev/null", SIM_COMMAND, options, capture.path());
    Rounds by_clock;
    Rounds by_cpu;
    bool bare_first = false;
    for (auto _ : state) {
        Cost bare, replayed;
        const auto run_bare = [&] { bare = cost_of(RUSAGE_SELF, [&] { flat.run(empty.get()); }); };
        int status = 0;
        bare_first = !bare_first;
        if (bare_first) run_bare();
        replayed = cost_of(RUSAGE_CHILDREN, [&] { status = std::system(command.c_str()); });
        wait_for_the_kernel();
        if (!bare_first) run_bare();
        if (status != 0) {
            state.SkipWithError("the command failed");
            break;
        }
        state.SetIterationTime(replayed.clock);
        by_clock.add(bare.clock / replayed.clock);
        by_cpu.add(bare.cpu / replayed.cpu);
    }
    state.SetItemsProcessed(state.range(0) * state.iterations());
    state.counters["of_bare_loop"] = by_clock.median();
    state.counters["by_cpu_time"] = by_cpu.median();
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
BENCHMARK_CAPTURE(replay_capture, default, "")
    ->Name("Replay")
    ->Arg(100'000)
    ->Arg(1'000'000)
    ->Iterations(replay_pairs)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(replay_capture, json, "--json")
    ->Name("ReplayJson")
    ->Arg(1'000'000)
    ->Iterations(replay_pairs)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(write_report)->Name("Report")->Arg(100'000)->Unit(benchmark::kMillisecond);

} // namespace
} // namespace portscan::bench
