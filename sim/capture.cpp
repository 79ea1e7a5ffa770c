// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/capture.h"
#include "sim/capture_stream.h"
#include "sim/link_layer.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fmt/format.h>
#include <pcap.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace portscan {
namespace {

using PcapHandle = std::unique_ptr<pcap_t, void (*)(pcap_t *)>;
using StdioHandle = std::unique_ptr<std::FILE, int (*)(std::FILE *)>;

constexpr std::uint64_t ns_per_second = 1'000'000'000;

/// A compiled filter.
class FilterProgram {
  public:
    FilterProgram() = default;
    FilterProgram(const FilterProgram &) = delete;
    FilterProgram &operator=(const FilterProgram &) = delete;
    ~FilterProgram() { pcap_freecode(&program_); }

    void compile(pcap_t *pcap, const std::string &expression) {
        if (pcap_compile(pcap, &program_, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0)
            throw CaptureError{fmt::format("filter '{}': {}", expression, pcap_geterr(pcap))};
    }
    bool matches(const pcap_pkthdr &header, const u_char *bytes) const {
        return program_.bf_insns == nullptr || pcap_offline_filter(&program_, &header, bytes) != 0;
    }

  private:
    bpf_program program_{};
};

std::optional<LinkLayer> link_layer_of(int link_type) {
    switch (link_type) {
    case DLT_EN10MB:
        return LinkLayer::ethernet;
    case DLT_RAW:
        return LinkLayer::raw_ip;
    case DLT_IPV4:
        return LinkLayer::raw_ipv4;
    case DLT_IPV6:
        return LinkLayer::raw_ipv6;
    case DLT_LINUX_SLL:
        return LinkLayer::linux_sll;
    case DLT_LINUX_SLL2:
        return LinkLayer::linux_sll2;
    case DLT_NULL:
    case DLT_LOOP:
        return LinkLayer::null_loop;
    default:
        return std::nullopt;
    }
}

std::string link_type_name(int link_type) {
    const char *const name = pcap_datalink_val_to_name(link_type);
    return name != nullptr ? name : fmt::format("{}", link_type);
}

/// `time` has nanoseconds in its second field. A pcap file has unsigned 32-bit seconds
/// (draft-ietf-opsawg-pcap), which libpcap takes for signed ones; pcapng has 64-bit times.
std::uint64_t nanoseconds_of(const timeval &time, bool seconds_are_32_bit) {
    const std::int64_t seconds =
        seconds_are_32_bit ? static_cast<std::uint32_t>(time.tv_sec) : time.tv_sec;
    std::int64_t total = 0;
    if (__builtin_mul_overflow(seconds, std::int64_t{ns_per_second}, &total) ||
        __builtin_add_overflow(total, std::int64_t{time.tv_usec}, &total))
        return seconds < 0 ? 0 : INT64_MAX;
    return static_cast<std::uint64_t>(std::max<std::int64_t>(total, 0));
}

/// Whether libpcap stopped because the interfaces of a pcapng differ in their link type.
bool is_mixed(std::string_view message) {
    return message.find("different from the type of the first interface") != message.npos;
}

CaptureError mixed_error(const std::string &name) {
    return CaptureError{fmt::format(
        "{0}: holds interfaces of different link types; take each out by itself: tshark -r {0} -Y "
        "frame.interface_id==0 -w part.pcapng, then editcap -F nsecpcap -T ether part.pcapng "
        "part.pcap (-T rawip, linux-sll: what that interface has)",
        name)};
}

std::string display_name(const std::string &path, const char *standard_stream) {
    return path == "-" ? standard_stream : path;
}

} // namespace

struct CaptureReader::State {
    explicit State(const std::string &path) :
        name{display_name(path, "standard input")},
        stream{path} {}

    void open_pcap();
    void start(const CaptureOptions &options);
    void fetch();
    CapturedFrame take();
    void present(CapturedFrame &frame, ByteView record);
    void finish();

    std::string name;
    CaptureStream stream; // outlives pcap, which reads from it
    PcapHandle pcap{nullptr, pcap_close};
    FilterProgram filter{};
    LinkLayer layer = LinkLayer::ethernet;
    bool seconds_are_32_bit = false;
    std::uint64_t number = 0;
    std::string damage{};
    Bytes converted{};
    /// What pcap_next_ex() returned last, and whether next() has yet to hand that out.
    bool fetched = false;
    int status = 0;
    pcap_pkthdr *header = nullptr;
    const u_char *bytes = nullptr;
};

void CaptureReader::State::open_pcap() {
    StdioHandle stdio{stream.open_stdio(), std::fclose};
    std::array<char, PCAP_ERRBUF_SIZE> message{};
    pcap.reset(pcap_fopen_offline_with_tstamp_precision(stdio.get(), PCAP_TSTAMP_PRECISION_NANO,
                                                        message.data()));
    if (pcap) {
        (void)stdio.release(); // pcap_close() closes it
        return;
    }
    if (!stream.input().failure().empty())
        throw CaptureError{fmt::format("{}: {}", name, stream.input().failure())};
    if (stream.bytes_delivered() == 0) throw CaptureError{fmt::format("{}: empty", name)};
    const std::string_view reason{message.data()};
    if (reason.find("unknown file format") != reason.npos)
        throw CaptureError{
            fmt::format("{}: not a capture (pcap or pcapng, also with gzip or zstd)", name)};
    throw CaptureError{fmt::format("{}: {}", name, reason)};
}

void CaptureReader::State::start(const CaptureOptions &options) {
    open_pcap();
    const std::optional<LinkLayer> known = link_layer_of(pcap_datalink(pcap.get()));
    if (!known)
        throw CaptureError{fmt::format("{}: link type {} is not supported (Ethernet, raw IP, Linux "
                                       "cooked and BSD loopback are)",
                                       name, link_type_name(pcap_datalink(pcap.get())))};
    layer = *known;
    seconds_are_32_bit = pcap_major_version(pcap.get()) == PCAP_VERSION_MAJOR;
    if (!options.filter.empty()) filter.compile(pcap.get(), options.filter);
    fetch();
    if (status == PCAP_ERROR && is_mixed(pcap_geterr(pcap.get()))) throw mixed_error(name);
}

void CaptureReader::State::fetch() {
    status = pcap_next_ex(pcap.get(), &header, &bytes);
    fetched = true;
}

CapturedFrame CaptureReader::State::take() {
    CapturedFrame frame{.number = ++number,
                        .time_ns = nanoseconds_of(header->ts, seconds_are_32_bit),
                        .wire_length = std::max(header->len, header->caplen),
                        .bytes = {bytes, header->caplen}};
    frame.selected = filter.matches(*header, bytes);
    if (layer != LinkLayer::ethernet) present(frame, frame.bytes);
    return frame;
}

/// Gives a record of another link layer its Ethernet header.
void CaptureReader::State::present(CapturedFrame &frame, ByteView record) {
    const std::uint64_t header_size = link_header_size(layer);
    frame.wire_length = frame.wire_length < header_size
                            ? 0
                            : frame.wire_length - header_size + ethernet_header_size;
    const std::optional<EthernetForm> form = ethernet_form(layer, record);
    frame.bytes = {};
    if (!form) return;
    const ByteView payload = record.subspan(form->stripped);
    converted.resize(ethernet_header_size + payload.size());
    std::copy(payload.begin(), payload.end(),
              std::copy(form->header.begin(), form->header.end(), converted.begin()));
    frame.bytes = converted;
    frame.outgoing = form->outgoing;
}

/// There is no further record; says why if that is not the end of the file.
void CaptureReader::State::finish() {
    const std::string &failure = stream.input().failure();
    if (!damage.empty() || (status != PCAP_ERROR && failure.empty())) return;
    std::string reason = failure.empty() ? pcap_geterr(pcap.get()) : failure;
    if (is_mixed(reason))
        reason = "from here on the link type is another one; split the file there";
    damage = fmt::format("record {}: {}", number + 1, reason);
}

CaptureReader CaptureReader::open(const std::string &path, const CaptureOptions &options) {
    try {
        auto state = std::make_unique<State>(path);
        state->start(options);
        return CaptureReader{std::move(state)};
    } catch (const std::system_error &error) {
        if (error.code() == std::errc::permission_denied)
            throw CaptureError{
                fmt::format("{}; it has to be readable for user {} without privileges",
                            error.what(), geteuid())};
        throw CaptureError{error.what()};
    } catch (const CaptureError &) {
        throw;
    } catch (const std::runtime_error &error) { // of the input: names the file already
        throw CaptureError{error.what()};
    }
}

CaptureReader::CaptureReader(std::unique_ptr<State> state) : state_{std::move(state)} {}
CaptureReader::CaptureReader(CaptureReader &&) noexcept = default;
CaptureReader &CaptureReader::operator=(CaptureReader &&) noexcept = default;
CaptureReader::~CaptureReader() = default;

std::optional<CapturedFrame> CaptureReader::next() {
    State &state = *state_;
    if (!state.fetched) state.fetch();
    if (state.status != 1) { // it stays fetched: the end is the end
        state.finish();
        return std::nullopt;
    }
    state.fetched = false;
    return state.take();
}

const std::string &CaptureReader::damage() const {
    return state_->damage;
}
std::string CaptureReader::link_type() const {
    return link_type_name(pcap_datalink(state_->pcap.get()));
}
std::uint64_t CaptureReader::bytes_read() const {
    return state_->stream.input().bytes_read();
}
std::uint64_t CaptureReader::file_size() const {
    return state_->stream.input().file_size();
}

} // namespace portscan
