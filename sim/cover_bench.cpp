// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cover_bench.h"

#include "sim/clock_rewrite.h"
#include "sim/harness_maps.h"
#include "sim/program_text.h"
#include "sim/test_run.h"

#include <array>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <system_error>

namespace portscan {
namespace {

constexpr unsigned sources = 8;
constexpr unsigned ring_bytes = 4096; // the least that the kernel makes

DetectorOptions sized(DetectorOptions options) {
    options.max_sources = options.max_sources6 = sources;
    return options;
}

void prepare(bpf_object *object) {
    bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "pscan_events"), ring_bytes);
    use_harness_maps(object, StatsMap::mapped);
}

const bpf_program *find(const Detector &detector, const char *name) {
    return bpf_object__find_program_by_name(detector.object(), name);
}

ProgramText counting(const Coverage &coverage, const bpf_program *program,
                     const Interference &other) {
    ProgramText text = ProgramText::of(program);
    coverage.put_into(text, other);
    return text;
}

[[noreturn]] void fail(const char *what) {
    throw std::system_error(errno, std::generic_category(), what);
}

} // namespace

CoverBench::CoverBench(const Coverage &coverage, const std::string &object_path,
                       const DetectorOptions &options, bool ipv6) :
    ipv6_{ipv6},
    detector_{Detector::load(sized(options), {.object_path = object_path, .prepare = prepare})},
    program_{load_with_clock(counting(coverage, find(detector_, "xdp_port_scan_block"), other_cpu_),
                             detector_.object(), find(detector_, "xdp_port_scan_block"),
                             clock_.map_fd())},
    expiry_{load_text(counting(coverage, find(detector_, "pscan_expire"), other_cpu_),
                      find(detector_, "pscan_expire"), detector_.object())},
    state_{detector_.maps().state},
    counters_{detector_.maps().stats},
    registry_{detector_.maps(), state_, sized(options)},
    allowlist_{detector_.maps(), state_, registry_},
    expirer_{expiry_.get(), state_, counters_, allowlist_} {}

Address CoverBench::source(unsigned number) const {
    const auto byte = static_cast<std::uint8_t>(number % 64);
    const auto host = static_cast<std::uint8_t>(1 + number / 64);
    const std::array<std::uint8_t, 4> four{10, 0, 0, byte};
    if (!ipv6_) return Address::ipv4(four.data());
    const std::array<std::uint8_t, 16> prefix{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, byte,
                                              0,    0,    0,    0,    0, 0, 0, host};
    const std::array<std::uint8_t, 16> link{0xfe, 0x80, 0, 0, 0, 0, 0, 0,
                                            0,    0,    0, 0, 0, 0, 0, byte};
    return Address::ipv6(number < 128 ? prefix.data() : link.data());
}

int CoverBench::registry_map() const {
    return ipv6_ ? detector_.maps().ip6_reg : detector_.maps().ip_reg;
}

Verdict CoverBench::probe(unsigned number, std::uint16_t port) {
    return run(packet(number, port, "S"));
}

Packet CoverBench::packet(unsigned number, std::uint16_t port, std::string_view flags) const {
    const Host from{source(number)};
    const Host to{ipv6_ ? "fd00::9" : "192.0.2.9"};
    return flags == "U" ? udp(from, to, port) : tcp(from, to, port, flags);
}

Verdict CoverBench::run(const Packet &packet, bool split) {
    std::optional<std::size_t> linear_size;
    if (split && detector_.has_frags()) linear_size = min_frame_size;
    return test_run(program_.get(), packet.bytes(), linear_size).verdict;
}

void CoverBench::advance(std::chrono::nanoseconds by) {
    clock_.set(clock_.time_ns() + static_cast<std::uint64_t>(by.count()));
}

void CoverBench::expire() {
    expirer_.pass(clock_.time_ns());
}

void CoverBench::allow(unsigned number) {
    const Address address = source(number);
    allowlist_.add(Prefix{address, address.bits()}, AllowOrigin::manual);
}

bool CoverBench::has_record(unsigned number) const {
    return registry_.find(registry_.source_of(source(number))).has_value();
}

void CoverBench::delete_record(unsigned number) {
    const Prefix key = registry_.source_of(source(number));
    if (bpf_map_delete_elem(registry_map(), key.address.bytes.data()) != 0) fail("delete record");
}

void CoverBench::kill_record(unsigned number) {
    const Prefix key = registry_.source_of(source(number));
    portscan_record record{};
    if (bpf_map_lookup_elem(registry_map(), key.address.bytes.data(), &record) != 0)
        fail("read record");
    record.count = PORTSCAN_COUNT_DEAD;
    if (bpf_map_update_elem(registry_map(), key.address.bytes.data(), &record, BPF_EXIST) != 0)
        fail("write record");
}

void CoverBench::fill(int map) {
    const std::array<std::uint8_t, 64> value{};
    for (std::uint8_t number = 1; number != 0; ++number) {
        std::array<std::uint8_t, 16> key{};
        key.fill(number);
        if (bpf_map_update_elem(map, key.data(), value.data(), BPF_ANY) != 0) return;
    }
    throw std::logic_error("a map of a few elements takes 255");
}

void CoverBench::fill_registry() {
    fill(registry_map());
}

void CoverBench::fill_ports() {
    fill(ipv6_ ? detector_.maps().ports6 : detector_.maps().ports);
}

} // namespace portscan
