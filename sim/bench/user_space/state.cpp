// SPDX-License-Identifier: GPL-2.0-or-later
// What is done with a full registry: expiry passes, and the listing of the loader.
#include "loader/control.h"
#include "loader/pinned_detector.h"
#include "loader/pins.h"
#include "loader/program_clock.h"
#include "sim/bench/user_space/samples.h"

#include <benchmark/benchmark.h>
#include <cerrno>
#include <cstdlib>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <system_error>
#include <unistd.h>

namespace portscan::bench {
namespace {

DetectorOptions roomy_options(std::uint32_t sources) {
    return {.max_sources = 2 * sources};
}

/// Nothing is old enough to be freed: the usual pass.
void expiry_pass(benchmark::State &state) {
    const auto sources = static_cast<std::uint32_t>(state.range(0));
    const Detector detector = load_roomy_detector(sources);
    register_sources(detector, sources);
    Control control{detector.maps(), detector.expire_program(), roomy_options(sources)};
    for (auto _ : state) {
        const ExpiryReport report = control.expirer.pass(program_clock_ns());
        if (report.sources_left != sources) state.SkipWithError("sources were lost");
    }
    state.SetItemsProcessed(state.range(0) * state.iterations());
}

/// A BPF file system that nobody else sees, and that goes with this process.
std::string mount_private_bpf() {
    static std::string folder;
    if (!folder.empty()) return folder;
    char name[] = "/tmp/portscan-bench-XXXXXX";
    if (unshare(CLONE_NEWNS) != 0 || mount("", "/", "", MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mkdtemp(name) == nullptr || mount("bpf", name, "bpf", 0, nullptr) != 0)
        throw std::system_error(errno, std::generic_category(), "mount a BPF file system");
    folder = name;
    std::atexit([] {
        umount(folder.c_str());
        rmdir(folder.c_str());
    });
    return folder;
}

/// `xdp-portscan list --json` as a process.
void list_sources(benchmark::State &state) {
    const auto sources = static_cast<std::uint32_t>(state.range(0));
    const PinDirectory pins = PinDirectory::create(mount_private_bpf() + "/bench");
    {
        const Detector detector = load_roomy_detector(sources);
        register_sources(detector, sources);
        pin_detector(pins, detector);
    }
    const std::string command =
        fmt::format("{} list --json --pin-dir {} >/dev/null", LOADER_COMMAND, pins.path());
    for (auto _ : state)
        if (std::system(command.c_str()) != 0) state.SkipWithError("the listing failed");
    unpin_detector(pins);
    state.SetItemsProcessed(state.range(0) * state.iterations());
}

BENCHMARK(expiry_pass)
    ->Name("ExpiryPass")
    ->Arg(10'000)
    ->Arg(1'000'000)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(list_sources)
    ->Name("List")
    ->Arg(10'000)
    ->Arg(1'000'000)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

} // namespace
} // namespace portscan::bench

BENCHMARK_MAIN();
