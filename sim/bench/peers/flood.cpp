// SPDX-License-Identifier: GPL-2.0-or-later
// live-flood: sends frames out of an interface as fast as one CPU can, for ci/peers. Only from a
// network namespace with nothing but a veth pair and lo in it.
#include "bpf/peers_sender.skel.h"
#include "loader/file_descriptor.h"
#include "sim/packet.h"

#include <CLI/CLI.hpp>
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fmt/format.h>
#include <fstream>
#include <linux/bpf.h>
#include <memory>
#include <net/if.h>
#include <sched.h>
#include <system_error>

namespace {

using namespace portscan;

struct Flood {
    std::string interface;
    std::string write;
    std::string flags = "S";
    unsigned sources = 1;
    unsigned ports = 1;
    unsigned cpu = 0;
    double seconds = 2;
};

constexpr const char *first_source = "10.64.0.1";
constexpr const char *target = "10.0.0.9";
constexpr double most_seconds = 60;

[[noreturn]] void fail(const std::string &what) {
    throw std::system_error(errno, std::generic_category(), what);
}

struct CloseSkeleton {
    void operator()(peers_sender *skeleton) const { peers_sender__destroy(skeleton); }
};
using Skeleton = std::unique_ptr<peers_sender, CloseSkeleton>;

Skeleton load_sender(const Flood &flood) {
    Skeleton sender{peers_sender__open()};
    if (!sender) fail("open the sender");
    in_addr first{};
    inet_pton(AF_INET, first_source, &first);
    sender->rodata->first_source = ntohl(first.s_addr);
    sender->rodata->sources = flood.sources;
    sender->rodata->ports = flood.ports;
    if (peers_sender__load(sender.get()) != 0) fail("load the sender: CAP_BPF and more are needed");
    return sender;
}

void pin_to(unsigned cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set) != 0) fail(fmt::format("run on CPU {}", cpu));
}

Bytes first_frame(const Flood &flood) {
    return tcp(first_source, target, 1, flood.flags).source_port(40000).bytes();
}

void write_frame(const Flood &flood) {
    const Bytes frame = first_frame(flood);
    std::ofstream file{flood.write, std::ios::binary};
    file.write(reinterpret_cast<const char *>(frame.data()),
               static_cast<std::streamsize>(frame.size()));
    if (!file.flush()) fail("write " + flood.write);
}

void send(const Flood &flood) {
    const unsigned ifindex = if_nametoindex(flood.interface.c_str());
    if (ifindex == 0) fail(fmt::format("interface '{}'", flood.interface));
    pin_to(flood.cpu);
    const Skeleton sender = load_sender(flood);
    const Bytes frame = first_frame(flood);
    xdp_md context{};
    context.data_end = static_cast<__u32>(frame.size());
    context.ingress_ifindex = ifindex; // where XDP_TX sends
    LIBBPF_OPTS(bpf_test_run_opts, options);
    options.data_in = frame.data();
    options.data_size_in = static_cast<__u32>(frame.size());
    options.ctx_in = &context;
    options.ctx_size_in = sizeof(context);
    options.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
    options.repeat = 100'000;
    options.batch_size = 64;

    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    const auto end = start + std::chrono::duration<double>(flood.seconds);
    while (Clock::now() < end)
        if (bpf_prog_test_run_opts(bpf_program__fd(sender->progs.pscan_sender), &options) != 0)
            fail("send live frames (Linux 5.18 or newer)");
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    fmt::print("{{\"sent\":{},\"seconds\":{:.6f}}}\n", std::uint64_t{sender->bss->frames}, seconds);
}

} // namespace

int main(int argc, char **argv) {
    Flood flood;
    CLI::App app{"Sends TCP frames out of an interface, as fast as one CPU can"};
    app.add_option("INTERFACE", flood.interface, "of a veth pair")->required();
    app.add_option("--flags", flood.flags, "of TCP, letters of SFRPAUEC")->capture_default_str();
    app.add_option("--sources", flood.sources, "neighbours, in turn")
        ->check(CLI::Range(1, 1 << 22))
        ->capture_default_str();
    app.add_option("--ports", flood.ports, "another one after each turn of the sources")
        ->check(CLI::Range(1, 65'535))
        ->capture_default_str();
    app.add_option("--cpu", flood.cpu, "to run on")->capture_default_str();
    app.add_option("--write", flood.write, "the first frame to this file, and send nothing");
    app.add_option("--seconds", flood.seconds, "how long")
        ->check(CLI::Range(0.1, most_seconds))
        ->capture_default_str();
    try {
        CLI11_PARSE(app, argc, argv);
        if (flood.write.empty())
            send(flood);
        else
            write_frame(flood);
        return 0;
    } catch (const std::exception &error) {
        fmt::print(stderr, "live-flood: {}\n", error.what());
        return 3;
    }
}
