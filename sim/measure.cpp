// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/measure.h"

#include "sim/test_run.h"

#include <array>
#include <barrier>
#include <bpf/bpf.h>
#include <cerrno>
#include <ctime>
#include <exception>
#include <fstream>
#include <sched.h>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

namespace portscan {
namespace {

std::uint64_t thread_cpu_time_ns() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(time.tv_nsec);
}

std::vector<unsigned> read_affinity() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        throw std::system_error(errno, std::generic_category(), "read CPU affinity");
    std::vector<unsigned> cpus;
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu)
        if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
    return cpus;
}

/// Inlined, so that the step's sums stay in registers.
template <typename Step, std::size_t... i>
[[gnu::always_inline]] inline void repeat_step(const Step &step, std::index_sequence<i...>) {
    ((static_cast<void>(i), step()), ...);
}

/// ns that one step takes.
template <typename Step>
[[gnu::always_inline]] inline double time_step(const Step &step) {
    constexpr unsigned turns = 1'000;
    constexpr unsigned steps = 100; // of a turn: long beside what ends it
    const std::uint64_t begin = thread_cpu_time_ns();
    for (unsigned i = 0; i < turns; ++i) repeat_step(step, std::make_index_sequence<steps>{});
    return static_cast<double>(thread_cpu_time_ns() - begin) / (turns * steps);
}

} // namespace

const std::vector<unsigned> &usable_cpus() {
    static const std::vector<unsigned> cpus = read_affinity();
    return cpus;
}

void pin_to_cpu(unsigned cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set) != 0)
        throw std::system_error(errno, std::generic_category(), "pin thread to a CPU");
}

double steady_cost(int program_fd, ByteView frame, std::uint32_t repeat) {
    LIBBPF_OPTS(bpf_test_run_opts, options);
    options.data_in = frame.data();
    options.data_size_in = static_cast<__u32>(frame.size());
    options.repeat = static_cast<int>(repeat);
    const std::uint64_t begin = thread_cpu_time_ns();
    if (const int error = bpf_prog_test_run_opts(program_fd, &options); error != 0)
        throw std::system_error(-error, std::generic_category(), "run program repeatedly");
    return static_cast<double>(thread_cpu_time_ns() - begin) / repeat;
}

double steady_cost_on_two(int program_fd, ByteView frame, std::uint32_t repeat) {
    std::array<double, 2> cost{};
    on_two_cpus([&](unsigned thread) { cost[thread] = steady_cost(program_fd, frame, repeat); });
    return (cost[0] + cost[1]) / 2;
}

// The assembler text is empty: it keeps the compiler from folding a chain into one addition. What
// is added is no constant, since recent CPUs add constants while they rename registers, in no time.
// This file is compiled with -O2 in every build: in memory the chains would say nothing.
CpuPace cpu_pace() {
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    std::uint64_t c = 0;
    std::uint64_t d = 0;
    std::uint64_t e = 0;
    std::uint64_t f = 0;
    std::uint64_t addend = 1;
    const double one = time_step([&]() __attribute__((always_inline)) {
        a += addend;
        asm volatile("" : "+r"(a), "+r"(addend));
    });
    const double six = time_step([&]() __attribute__((always_inline)) {
        a += addend;
        b += addend;
        c += addend;
        d += addend;
        e += addend;
        f += addend;
        asm volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f), "+r"(addend));
    });
    return {.cycle_ns = one, .additions_per_cycle = 6 * one / six};
}

LatencyHistogram single_runs(int program_fd, std::uint32_t count,
                             const std::function<ByteView(std::uint32_t)> &next) {
    LatencyHistogram durations;
    for (std::uint32_t i = 0; i < count; ++i)
        durations.add(test_run(program_fd, next(i)).duration_ns);
    return durations;
}

void on_two_cpus(const std::function<void(unsigned thread)> &work) {
    const auto &cpus = usable_cpus();
    if (cpus.size() < 2) throw std::runtime_error("measuring two CPUs at once needs two CPUs");
    std::array<std::exception_ptr, 2> failures{};
    std::barrier start{2};
    const auto body = [&](unsigned thread) {
        try {
            pin_to_cpu(cpus[thread]);
            start.arrive_and_wait();
            work(thread);
        } catch (...) {
            failures[thread] = std::current_exception();
            start.arrive_and_drop();
        }
    };
    std::thread first{body, 0U};
    std::thread second{body, 1U};
    first.join();
    second.join();
    for (const auto &failure : failures)
        if (failure) std::rethrow_exception(failure);
}

std::string cpu_name() {
    std::ifstream file{"/proc/cpuinfo"};
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
    return "unknown CPU";
}

} // namespace portscan
