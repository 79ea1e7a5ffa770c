// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/simulator.h"

#include "loader/allowlist.h"
#include "loader/detector.h"
#include "loader/digest.h"
#include "loader/file_descriptor.h"
#include "loader/mapped_state.h"
#include "sim/capture_clock.h"
#include "sim/clock_rewrite.h"
#include "sim/counter_view.h"
#include "sim/harness_maps.h"
#include "sim/program_text.h"
#include "sim/test_run.h"
#include "sim/used_maps.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <ctime>
#include <fmt/format.h>
#include <iterator>
#include <stdexcept>
#include <system_error>

namespace portscan {
namespace {

Detector load_detector(const DetectorOptions &options, const SimulatorSettings &settings,
                       LentMaps &maps) {
    const StatsMap stats = settings.clock == Clock::capture ? StatsMap::mapped : StatsMap::shipped;
    return Detector::load(
        options, {.object_path = settings.object_path,
                  .prepare = [&](bpf_object *object) { use_harness_maps(object, stats, &maps); }});
}

const bpf_program *find_program(const Detector &detector, const char *name) {
    return bpf_object__find_program_by_name(detector.object(), name);
}

/// The program as it is to run where that is not as loaded.
FileDescriptor load_rewritten(const Detector &detector, const SimulatorSettings &settings,
                              const std::optional<CaptureClock> &clock) {
    if (!clock && !settings.change) return FileDescriptor{};
    const bpf_program *const shipped = find_program(detector, "xdp_port_scan_block");
    ProgramText text = ProgramText::of(shipped);
    if (settings.change) settings.change(text);
    if (!clock) return load_text(text, shipped, detector.object());
    return load_with_clock(std::move(text), detector.object(), shipped, clock->map_fd());
}

FileDescriptor load_changed_expiry(const Detector &detector, const SimulatorSettings &settings) {
    if (!settings.change) return FileDescriptor{};
    const bpf_program *const shipped = find_program(detector, "pscan_expire");
    ProgramText text = ProgramText::of(shipped);
    settings.change(text);
    return load_text(text, shipped, detector.object());
}

std::uint64_t coarse_clock_ns() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(time.tv_nsec);
}

Prefix parse_prefix(std::string_view text) {
    const auto prefix = Prefix::parse(text);
    if (!prefix) throw std::invalid_argument(fmt::format("'{}' is no address or prefix", text));
    return *prefix;
}

} // namespace

struct Simulator::State {
    State(const DetectorOptions &detector_options, const SimulatorSettings &settings);

    /// An address or prefix in text as the source that the registry knows.
    Prefix source_named(std::string_view address) const {
        return registry.source_of(parse_prefix(address).address);
    }
    std::uint64_t now_ns() const { return clock ? clock->time_ns() : coarse_clock_ns(); }
    void drain_events();
    FileDescriptor load(ProgramRole role, const ProgramText &text) const;
    void run_own_programs();
    void allow_configured() {
        for (const auto &prefix : options.allow) allowlist.add(prefix, AllowOrigin::config);
    }

    DetectorOptions options;
    LentMaps lent_maps;
    Detector detector;
    std::optional<CaptureClock> clock; ///< nothing: the kernel's
    FileDescriptor rewritten;          ///< of the program on that clock, or changed; else empty
    FileDescriptor changed_expiry;     ///< of the expiry program, changed; else empty
    FileDescriptor variant;            ///< of what runs in place of one of the programs; else empty
    MappedState state;
    CounterMap counters;
    CounterView counter_view;
    Registry registry;
    Allowlist allowlist;
    EventReader event_reader;
    Expirer expirer;
    std::vector<BlockEvent> events;
    FileDescriptor empty; ///< the empty program
    std::size_t max_frame_size;
    std::optional<std::size_t> linear_size;
    std::string sha256;
    int program = -1;
};

Simulator::State::State(const DetectorOptions &detector_options,
                        const SimulatorSettings &settings) :
    options{detector_options},
    detector{load_detector(options, settings, lent_maps)},
    clock{settings.clock == Clock::capture ? std::optional<CaptureClock>{std::in_place}
                                           : std::nullopt},
    rewritten{load_rewritten(detector, settings, clock)},
    changed_expiry{load_changed_expiry(detector, settings)},
    state{detector.maps().state},
    counters{detector.maps().stats},
    counter_view{detector.maps().stats},
    registry{detector.maps(), state, options},
    allowlist{detector.maps(), state, registry},
    event_reader{detector.maps().events},
    expirer{changed_expiry.get() >= 0 ? changed_expiry.get() : detector.expire_program(), state,
            counters, allowlist},
    empty{load_floor_program(detector.has_frags())},
    max_frame_size{find_max_frame_size(empty.get())},
    linear_size{settings.linear_size},
    sha256{sha256_hex(read_object(settings.object_path))},
    program{rewritten.get() >= 0 ? rewritten.get() : detector.program()} {
    allow_configured();
}

void Simulator::State::run_own_programs() {
    program = rewritten.get() >= 0 ? rewritten.get() : detector.program();
    const int expiry = changed_expiry.get() >= 0 ? changed_expiry.get() : detector.expire_program();
    expirer = Expirer{expiry, state, counters, allowlist};
}

FileDescriptor Simulator::State::load(ProgramRole role, const ProgramText &text) const {
    if (role == ProgramRole::expiry)
        return load_text(text, find_program(detector, "pscan_expire"), detector.object());
    const bpf_program *const like = find_program(detector, "xdp_port_scan_block");
    if (!clock) return load_text(text, like, detector.object());
    return load_with_clock(text, detector.object(), like, clock->map_fd());
}

void Simulator::State::drain_events() {
    auto taken = event_reader.take();
    events.insert(events.end(), std::make_move_iterator(taken.begin()),
                  std::make_move_iterator(taken.end()));
}

Simulator::Simulator(const DetectorOptions &options, const SimulatorSettings &settings) :
    state_{std::make_unique<State>(options, settings)} {}
Simulator::Simulator(Simulator &&) noexcept = default;
Simulator &Simulator::operator=(Simulator &&) noexcept = default;
Simulator::~Simulator() = default;

RunResult Simulator::step(ByteView frame) {
    if (frame.size() < min_frame_size || frame.size() > state_->max_frame_size)
        throw std::invalid_argument(fmt::format("a frame of {} bytes cannot be run: {} to {} can",
                                                frame.size(), min_frame_size,
                                                state_->max_frame_size));
    auto linear_size = state_->linear_size;
    if (linear_size) *linear_size = std::clamp(*linear_size, min_frame_size, frame.size());
    const TestRunResult run = test_run(state_->program, frame, linear_size);
    const auto change = state_->counter_view.take();
    if (!change.reason)
        throw std::system_error(EPROTO, std::generic_category(),
                                "detector did not count the packet under exactly one reason");
    if (*change.reason == Reason::threshold) state_->drain_events();
    return {.verdict = run.verdict,
            .reason = *change.reason,
            .new_record = change.inserted,
            .evicted = change.evicted,
            .duration_ns = run.duration_ns};
}

Verdict Simulator::run(const Packet &packet) {
    return step(packet.bytes()).verdict;
}
std::size_t Simulator::max_frame_size() const {
    return state_->max_frame_size;
}
std::uint32_t Simulator::floor_ns(ByteView frame) const {
    return test_run(state_->empty.get(), frame).duration_ns;
}

void Simulator::set_time(std::uint64_t time_ns) {
    if (!state_->clock) throw std::logic_error("the program runs on the kernel's clock");
    state_->clock->set(time_ns);
}

void Simulator::advance(std::chrono::nanoseconds by) {
    set_time(time_ns() + static_cast<std::uint64_t>(by.count()));
}

std::uint64_t Simulator::time_ns() const {
    return state_->now_ns();
}

ExpiryReport Simulator::expire() {
    const auto report = state_->expirer.pass(state_->now_ns());
    state_->counter_view.mark();
    return report;
}

std::optional<SourceRecord> Simulator::source(std::string_view address) const {
    return state_->registry.find(state_->source_named(address));
}

std::optional<SourceRecord> Simulator::source(const Prefix &source) const {
    return state_->registry.find(source);
}

std::vector<SourceRecord> Simulator::sources() const {
    return state_->registry.all();
}

bool Simulator::unblock(std::string_view address) {
    return state_->registry.remove(state_->source_named(address)).has_value();
}

bool Simulator::erase(std::string_view address) {
    const Prefix source = state_->source_named(address);
    const DetectorMaps &maps = state_->detector.maps();
    const int map = source.address.is_ipv6() ? maps.ip6_reg : maps.ip_reg;
    return bpf_map_delete_elem(map, source.address.bytes.data()) == 0;
}

BlockOutcome Simulator::block(std::string_view address) {
    const Prefix source = state_->source_named(address);
    if (state_->allowlist.covers(source)) return BlockOutcome::allowlisted;
    return state_->registry.block(source, state_->now_ns());
}

void Simulator::allow(std::string_view prefix) {
    state_->allowlist.add(parse_prefix(prefix), AllowOrigin::manual);
}

bool Simulator::disallow(std::string_view prefix) {
    return state_->allowlist.remove(parse_prefix(prefix));
}

Counters Simulator::counters() const {
    return state_->counters.read();
}

std::vector<BlockEvent> Simulator::take_events() {
    state_->drain_events();
    return std::exchange(state_->events, {});
}

void Simulator::use_variant(ProgramRole role, const ProgramText &text) {
    FileDescriptor loaded = state_->load(role, text);
    use_shipped();
    state_->variant = std::move(loaded);
    if (role == ProgramRole::filter)
        state_->program = state_->variant.get();
    else
        state_->expirer =
            Expirer{state_->variant.get(), state_->state, state_->counters, state_->allowlist};
}

void Simulator::use_shipped() {
    state_->run_own_programs();
    state_->variant = FileDescriptor{};
}

void Simulator::reset() {
    clear_used_maps(state_->detector.maps(), state_->options);
    state_->event_reader.take();
    state_->events.clear();
    if (state_->clock) state_->clock->set(0);
    state_->allow_configured();
    state_->counter_view.mark();
}

void Simulator::split_frames(std::optional<std::size_t> linear_size) {
    state_->linear_size = linear_size;
}

const Detector &Simulator::detector() const {
    return state_->detector;
}

const DetectorOptions &Simulator::options() const {
    return state_->options;
}
const std::string &Simulator::object_sha256() const {
    return state_->sha256;
}

} // namespace portscan
