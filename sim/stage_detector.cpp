// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/stage_detector.h"

#include "loader/detector_config.h"
#include "sim/block_counters.h"
#include "sim/clock_rewrite.h"
#include "sim/control_flow.h"
#include "sim/harness_maps.h"
#include "sim/mutant.h"
#include "sim/stage_state.h"
#include "sim/test_run.h"
#include "sim/used_maps.h"

#include <algorithm>
#include <array>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <system_error>
#include <vector>

namespace portscan {
namespace {

constexpr unsigned sources = 8;
constexpr unsigned ring_bytes = 4096; // the least that the kernel makes

StageSetting sized(StageSetting setting) {
    DetectorOptions &options = setting.options;
    options.max_sources = options.max_sources6 = sources;
    if (!options.max_blocked) options.max_blocked = options.max_blocked6 = sources / 2;
    return setting;
}

Detector load_detector(const StageSetting &setting, const std::string &object_path) {
    const auto prepare = [&](bpf_object *object) {
        if (!setting.frags) {
            bpf_program__set_flags(bpf_object__find_program_by_name(object, "xdp_port_scan_block"),
                                   0);
            configure(object, setting.options, false);
        }
        bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "pscan_events"), ring_bytes);
        use_harness_maps(object, StatsMap::mapped);
    };
    return Detector::load(setting.options, {.object_path = object_path, .prepare = prepare});
}

const bpf_program *find(const Detector &detector, const char *name) {
    return bpf_object__find_program_by_name(detector.object(), name);
}

void only_interfere(ProgramText &text, const Interference &other) {
    text.insert(other.insertions(text, ControlFlow::of(text)));
}

[[noreturn]] void fail(const char *what) {
    throw std::system_error(errno, std::generic_category(), what);
}

} // namespace

/// What the ring holds, byte for byte.
struct StageDetector::Events {
    explicit Events(int map) : ring(ring_buffer__new(map, take, this, nullptr)) {
        if (ring == nullptr) fail("open pscan_events");
    }
    Events(const Events &) = delete;
    Events &operator=(const Events &) = delete;
    ~Events() { ring_buffer__free(ring); }

    static int take(void *self, void *data, std::size_t size) {
        auto &events = *static_cast<Events *>(self);
        events.digest.add(data, size);
        portscan_event event{};
        std::memcpy(&event, data, std::min(size, sizeof(event)));
        const auto is_zero = [](auto number) { return number == 0; };
        const auto used = std::begin(event.ports) + std::min<int>(event.count, PORTSCAN_MAX_PORTS);
        events.clean = events.clean && std::all_of(used, std::end(event.ports), is_zero) &&
                       std::all_of(std::begin(event.padding), std::end(event.padding), is_zero);
        return 0;
    }
    void drain() {
        if (ring_buffer__consume(ring) < 0) fail("read pscan_events");
    }
    /// All that are there now, read and gone.
    std::uint64_t consume() {
        digest = Digest{};
        clean = true;
        if (ring_buffer__consume(ring) < 0) fail("read pscan_events");
        if (!clean) throw StageFailure("an event holds bytes that mean nothing");
        return digest.value();
    }

    Digest digest;
    bool clean = true;
    ring_buffer *ring;
};

StageDetector::StageDetector(const StageSetting &setting, const std::string &object_path) :
    setting_{sized(setting)},
    detector_{load_detector(setting_, object_path)},
    program_{load(ProgramRole::filter, only_interfere)},
    expiry_{load(ProgramRole::expiry, only_interfere)},
    running_{program_.get()},
    running_expiry_{expiry_.get()},
    state_{detector_.maps().state},
    counters_{detector_.maps().stats},
    registry_{detector_.maps(), state_, setting_.options},
    allowlist_{detector_.maps(), state_, registry_},
    expirer_{expiry_.get(), state_, counters_, allowlist_},
    events_{std::make_unique<Events>(detector_.maps().events)} {}

StageDetector::~StageDetector() = default;

FileDescriptor StageDetector::load(ProgramRole role, const Change &change) const {
    ProgramText text = program_text(detector_, role);
    change(text, other_cpu_);
    if (role == ProgramRole::expiry)
        return load_text(text, find(detector_, "pscan_expire"), detector_.object());
    count_detours(text);
    return load_with_clock(std::move(text), detector_.object(),
                           find(detector_, "xdp_port_scan_block"), clock_.map_fd());
}

void StageDetector::count_detours(ProgramText &text) const {
    const btf *const types = bpf_object__btf(detector_.object());
    const ControlFlow flow = ControlFlow::of(text);
    std::vector<Insertion> counters;
    for (const ProgramFunction &function : text.functions()) {
        const btf_type *const type = btf__type_by_id(types, function.type_id);
        const std::string_view name = btf__name_by_offset(types, type->name_off);
        if (name != "look_again" && !name.starts_with("judge_closely")) continue;
        const int stack = lowest_stack_offset(text.function_text(function.start));
        counters.push_back({.place = function.start,
                            .code = counting_code(detours_.map_fd(), 0,
                                                  flow.live_at(text, function.start), stack)});
    }
    text.insert(counters);
}

void StageDetector::run_expiry(int program) {
    running_expiry_ = program;
    expirer_ = Expirer{program, state_, counters_, allowlist_};
}

void StageDetector::use_shipped() {
    running_ = program_.get();
    run_expiry(expiry_.get());
    changed_program_ = FileDescriptor{};
    changed_expiry_ = FileDescriptor{};
}

void StageDetector::use_changed(ProgramRole role, const Change &change) {
    FileDescriptor loaded = load(role, change);
    if (role == ProgramRole::filter) {
        running_ = loaded.get();
        changed_program_ = std::move(loaded);
    } else {
        run_expiry(loaded.get());
        changed_expiry_ = std::move(loaded);
    }
}

void StageDetector::reset(bool ipv6, bool split) {
    ipv6_ = ipv6;
    split_ = split;
    clear_used_maps(detector_.maps(), setting_.options);
    events_->drain();
    events_left_ = false;
    // As if that many sources had come before: soon the number is beyond 32 bits.
    constexpr std::uint64_t places = 0xfffffff5;
    state_.take_places(PORTSCAN_IPV4, places);
    state_.take_places(PORTSCAN_IPV6, places);
    clock_.set(0);
    other_cpu_.expect(Interference::Kind::swap, 0);
}

/// No byte of an address is 0, and none is the same in two sources: what the program leaves out or
/// mixes up shows.
Address StageDetector::source(unsigned number) const {
    const unsigned name = number % 64;
    const unsigned host = number / 64;
    std::array<std::uint8_t, 16> bytes{};
    for (unsigned i = 0; i < bytes.size(); ++i) {
        const unsigned part = i < 8 ? name : host;
        bytes.at(i) = static_cast<std::uint8_t>(1 + (i * 29 + part * 3) % 191);
    }
    if (!ipv6_) return Address::ipv4(bytes.data());
    if (number >= 128) { // link-local: the name stands in the lower half
        bytes = {0xfe, 0x80};
        for (unsigned i = 8; i < bytes.size(); ++i)
            bytes.at(i) = static_cast<std::uint8_t>(1 + (i * 31 + name * 3) % 191);
    }
    return Address::ipv6(bytes.data());
}

int StageDetector::registry_map() const {
    return ipv6_ ? detector_.maps().ip6_reg : detector_.maps().ip_reg;
}

int StageDetector::ports_map() const {
    return ipv6_ ? detector_.maps().ports6 : detector_.maps().ports;
}

Verdict StageDetector::probe(unsigned number, std::uint16_t port) {
    return run(packet(number, port, "S"));
}

Packet StageDetector::packet(unsigned number, std::uint16_t port, std::string_view flags) const {
    const Host from{source(number)};
    const Host to{ipv6_ ? "fd00::9" : "192.0.2.9"};
    return flags == "U" ? udp(from, to, port) : tcp(from, to, port, flags);
}

Verdict StageDetector::run(const Packet &packet, bool split) {
    return run_bytes(packet.bytes(),
                     split || split_ ? std::optional{min_frame_size} : std::nullopt);
}

Verdict StageDetector::run_bytes(ByteView frame, std::optional<std::size_t> linear_size) {
    if (!setting_.frags || !detector_.has_frags()) linear_size.reset();
    const Verdict verdict = test_run(running_, frame, linear_size).verdict;
    note(static_cast<std::uint64_t>(verdict));
    return verdict;
}

void StageDetector::advance(std::chrono::nanoseconds by) {
    clock_.set(clock_.time_ns() + static_cast<std::uint64_t>(by.count()));
}

ExpiryReport StageDetector::expire() {
    const ExpiryReport report = expirer_.pass(clock_.time_ns());
    note(report.blocks_lifted);
    return report;
}

void StageDetector::expire_alone() {
    portscan_expire_args arguments{.now = clock_.time_ns()};
    LIBBPF_OPTS(bpf_test_run_opts, options);
    options.ctx_in = &arguments;
    options.ctx_size_in = sizeof(arguments);
    if (bpf_prog_test_run_opts(running_expiry_, &options) != 0) fail("run the expiry pass");
    note(options.retval);
}

void StageDetector::allow(unsigned number) {
    const Address address = source(number);
    allowlist_.add(Prefix{address, address.bits()}, AllowOrigin::manual);
}

void StageDetector::note(std::uint64_t outcome) {
    const std::uint64_t events = events_left_ ? 0 : events_->consume();
    if (log_ == nullptr) return;
    Digest digest;
    digest.add_value(outcome).add_value(events);
    add_state(digest, detector_.maps(), ipv6_);
    log_->note(digest.value());
}

std::optional<SourceRecord> StageDetector::record(unsigned number) const {
    return registry_.find(registry_.source_of(source(number)));
}

std::optional<portscan_record> StageDetector::raw_record(unsigned number) const {
    const Prefix key = registry_.source_of(source(number));
    portscan_record record{};
    if (bpf_map_lookup_elem(registry_map(), key.address.bytes.data(), &record) == 0) return record;
    if (errno != ENOENT) fail("read record");
    return std::nullopt;
}

bool StageDetector::has_dead_record(unsigned number) const {
    const auto record = raw_record(number);
    return record && record->count == PORTSCAN_COUNT_DEAD;
}

void StageDetector::delete_record(unsigned number) {
    const Prefix key = registry_.source_of(source(number));
    if (bpf_map_delete_elem(registry_map(), key.address.bytes.data()) != 0) fail("delete record");
}

void StageDetector::kill_record(unsigned number) {
    auto record = raw_record(number);
    if (!record) throw StageFailure("there is no record of the source to kill");
    record->count = PORTSCAN_COUNT_DEAD;
    const Prefix key = registry_.source_of(source(number));
    if (bpf_map_update_elem(registry_map(), key.address.bytes.data(), &*record, BPF_EXIST) != 0)
        fail("write record");
}

void StageDetector::fill(int map) {
    const std::array<std::uint8_t, 64> value{};
    for (std::uint8_t number = 1; number != 0; ++number) {
        std::array<std::uint8_t, 16> key{};
        key.fill(number);
        if (bpf_map_update_elem(map, key.data(), value.data(), BPF_ANY) != 0) return;
    }
    throw std::logic_error("a map of a few elements takes 255");
}

void StageDetector::fill_registry() {
    fill(registry_map());
}

void StageDetector::fill_ports() {
    fill(ports_map());
}

} // namespace portscan
