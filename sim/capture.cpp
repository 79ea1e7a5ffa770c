// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/capture.h"
#include "sim/capture_stream.h"
#include "sim/link_layer.h"
#include "sim/pcapng_reader.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fmt/format.h>
#include <map>
#include <pcap.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace portscan {
namespace {

using PcapHandle = std::unique_ptr<pcap_t, void (*)(pcap_t *)>;
using StdioHandle = std::unique_ptr<std::FILE, int (*)(std::FILE *)>;

constexpr std::int64_t ns_per_second = 1'000'000'000;
constexpr int largest_packet = 262'144; // of a filter's program

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
    bool matches(ByteView bytes, std::uint64_t wire_length) const {
        if (program_.bf_insns == nullptr) return true;
        pcap_pkthdr header{};
        header.caplen = static_cast<bpf_u_int32>(bytes.size());
        header.len = static_cast<bpf_u_int32>(wire_length);
        return pcap_offline_filter(&program_, &header, bytes.data()) != 0;
    }

  private:
    bpf_program program_{};
};

/// A link type as files number it, as libpcap does. They differ for raw IP; and the address family
/// of BSD loopback is in network byte order in a section that is big endian, as LOOP always has it.
int dlt_of(std::uint16_t link_type, bool big_endian) {
    constexpr std::uint16_t linktype_raw = 101;
    if (link_type == linktype_raw) return DLT_RAW;
    return link_type == DLT_NULL && big_endian ? DLT_LOOP : link_type;
}

std::uint16_t link_type_of(int dlt) {
    constexpr std::uint16_t linktype_raw = 101;
    return dlt == DLT_RAW ? linktype_raw : static_cast<std::uint16_t>(dlt);
}

std::optional<LinkLayer> link_layer_of(int dlt) {
    switch (dlt) {
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

std::string dlt_name(int dlt) {
    const char *const name = pcap_datalink_val_to_name(dlt);
    return name != nullptr ? name : fmt::format("{}", dlt);
}

/// `time` has nanoseconds in its second field, and unsigned 32-bit seconds
/// (draft-ietf-opsawg-pcap), which libpcap takes for signed ones.
std::uint64_t nanoseconds_of(const timeval &time) {
    const std::int64_t seconds = static_cast<std::uint32_t>(time.tv_sec);
    return static_cast<std::uint64_t>(
        std::max<std::int64_t>(seconds * ns_per_second + time.tv_usec, 0));
}

/// How records of one link type are taken.
struct Link {
    LinkLayer layer = LinkLayer::ethernet;
    FilterProgram filter{};
};

bool is_pcapng(ByteView start) {
    return start.size() == 4 && pcapng::ByteOrder{}.get32(start, 0) == pcapng::section_header;
}

std::string display_name(const std::string &path) {
    return path == "-" ? "standard input" : path;
}

} // namespace

struct CaptureReader::State {
    State(const std::string &path, const CaptureOptions &given) : stream{path}, options{given} {}

    /// Up to the first record. Throws CaptureError without the file's name.
    void start();
    void open_pcap();
    void show_pcap_header();
    void start_pcapng();
    void fetch();
    void fetch_pcap();
    void use_link(int wanted);
    std::optional<CapturedFrame> take();
    void present(CapturedFrame &frame);
    void finish();

    CaptureStream stream; // outlives pcap, which reads from it
    CaptureOptions options;
    PcapHandle pcap{nullptr, pcap_close};
    std::optional<pcapng::Reader> pcapng{}; ///< in place of pcap
    std::map<int, Link> links{};            ///< by libpcap's number
    Link *link = nullptr;                   ///< of the latest record
    int dlt = 0;
    std::uint64_t number = 0;
    std::string damage{};
    Bytes converted{};
    Bytes block{};
    /// What comes next, and whether next() has yet to hand that out.
    std::optional<pcapng::Record> record{};
    bool fetched = false;
    bool ended = false;
};

void CaptureReader::State::start() {
    if (is_pcapng(stream.peek())) return start_pcapng();
    open_pcap();
    use_link(pcap_datalink(pcap.get()));
    if (options.blocks) show_pcap_header();
}

void CaptureReader::State::open_pcap() {
    StdioHandle stdio{stream.open_stdio(), std::fclose};
    std::array<char, PCAP_ERRBUF_SIZE> message{};
    pcap.reset(pcap_fopen_offline_with_tstamp_precision(stdio.get(), PCAP_TSTAMP_PRECISION_NANO,
                                                        message.data()));
    if (pcap) {
        (void)stdio.release(); // pcap_close() closes it
        return;
    }
    if (!stream.input().failure().empty()) throw CaptureError{stream.input().failure()};
    if (stream.bytes_delivered() == 0) throw CaptureError{"empty"};
    const std::string_view reason{message.data()};
    if (reason.find("unknown file format") != reason.npos)
        throw CaptureError{"not a capture (pcap or pcapng, also with gzip or zstd)"};
    throw CaptureError{std::string{reason}};
}

/// A section with one interface, in the order of this machine's bytes.
void CaptureReader::State::show_pcap_header() {
    pcapng::make_section_header(block, {});
    options.blocks({.type = pcapng::section_header, .order = {}, .bytes = block});
    pcapng::make_interface(block, link_type_of(dlt), 0, {});
    options.blocks({.type = pcapng::interface_description, .order = {}, .bytes = block});
}

void CaptureReader::State::start_pcapng() {
    pcapng.emplace([this](std::span<std::uint8_t> out) { return stream.read(out); },
                   options.blocks);
    fetch();
    fetched = true;
    if (record) return use_link(dlt_of(record->link_type, record->block.order.is_big_endian()));
    const auto link_type = pcapng->link_type();
    if (link_type) return use_link(dlt_of(*link_type, false));
    finish();
    throw CaptureError{damage.empty() ? "describes no interface, and so holds no packet" : damage};
}

/// Throws CaptureError where the link type is not supported, or has no such filter.
void CaptureReader::State::use_link(int wanted) {
    dlt = wanted;
    const auto known = links.find(dlt);
    if (known != links.end()) {
        link = &known->second;
        return;
    }
    const std::optional<LinkLayer> layer = link_layer_of(dlt);
    if (!layer)
        throw CaptureError{fmt::format("link type {} is not supported (Ethernet, raw IP, Linux "
                                       "cooked and BSD loopback are)",
                                       dlt_name(dlt))};
    link = &links[dlt];
    link->layer = *layer;
    if (options.filter.empty()) return;
    const PcapHandle own{pcap ? nullptr : pcap_open_dead(dlt, largest_packet), pcap_close};
    link->filter.compile(pcap ? pcap.get() : own.get(), options.filter);
}

void CaptureReader::State::fetch() {
    if (pcapng)
        record = pcapng->next();
    else
        fetch_pcap();
}

void CaptureReader::State::fetch_pcap() {
    pcap_pkthdr *header = nullptr;
    const u_char *bytes = nullptr;
    record.reset();
    const int status = pcap_next_ex(pcap.get(), &header, &bytes);
    if (status == PCAP_ERROR) damage = pcap_geterr(pcap.get());
    if (status != 1) return;
    record = {.link_type = link_type_of(dlt),
              .time_ns = nanoseconds_of(header->ts),
              .wire_length = std::max(header->len, header->caplen),
              .bytes = {bytes, header->caplen}};
    if (!options.blocks) return;
    pcapng::make_enhanced_packet(block,
                                 {.interface_id = 0,
                                  .ticks = record->time_ns,
                                  .wire_length = static_cast<std::uint32_t>(record->wire_length),
                                  .bytes = record->bytes},
                                 {});
    record->block = {.type = pcapng::enhanced_packet, .order = {}, .bytes = block};
}

/// Nothing where the record is of a link type that cannot be read: there the file ends.
std::optional<CapturedFrame> CaptureReader::State::take() {
    try {
        const int wanted = dlt_of(record->link_type, record->block.order.is_big_endian());
        if (wanted != dlt) use_link(wanted);
    } catch (const CaptureError &error) {
        damage = error.what();
        return std::nullopt;
    }
    CapturedFrame frame{.number = ++number,
                        .time_ns = record->time_ns,
                        .wire_length = record->wire_length,
                        .bytes = record->bytes,
                        .outgoing = record->outgoing,
                        .block = record->block};
    frame.selected = link->filter.matches(record->bytes, record->wire_length);
    if (link->layer != LinkLayer::ethernet) present(frame);
    return frame;
}

/// Gives a record of another link layer its Ethernet header.
void CaptureReader::State::present(CapturedFrame &frame) {
    const std::uint64_t header_size = link_header_size(link->layer);
    frame.wire_length = frame.wire_length < header_size
                            ? 0
                            : frame.wire_length - header_size + ethernet_header_size;
    const ByteView bytes = std::exchange(frame.bytes, ByteView{});
    const std::optional<EthernetForm> form = ethernet_form(link->layer, bytes);
    if (!form) return;
    const ByteView payload = bytes.subspan(form->stripped);
    converted.resize(ethernet_header_size + payload.size());
    std::copy(payload.begin(), payload.end(),
              std::copy(form->header.begin(), form->header.end(), converted.begin()));
    frame.bytes = converted;
    frame.outgoing |= form->outgoing;
}

/// There is no further record; says why if that is not the end of the file.
void CaptureReader::State::finish() {
    ended = true;
    const std::string &failure = stream.input().failure();
    if (!failure.empty())
        damage = failure;
    else if (pcapng && damage.empty())
        damage = pcapng->damage();
    if (!damage.empty()) damage = fmt::format("record {}: {}", number + 1, damage);
}

CaptureReader CaptureReader::open(const std::string &path, const CaptureOptions &options) {
    try {
        auto state = std::make_unique<State>(path, options);
        state->start();
        return CaptureReader{std::move(state)};
    } catch (const std::system_error &error) {
        if (error.code() == std::errc::permission_denied)
            throw CaptureError{
                fmt::format("{}; it has to be readable for user {} without privileges",
                            error.what(), geteuid())};
        throw CaptureError{error.what()};
    } catch (const CaptureError &error) {
        throw CaptureError{fmt::format("{}: {}", display_name(path), error.what())};
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
    if (state.ended) return std::nullopt;
    if (!std::exchange(state.fetched, false)) state.fetch();
    std::optional<CapturedFrame> frame;
    if (state.record) frame = state.take();
    if (!frame) state.finish();
    return frame;
}

const std::string &CaptureReader::damage() const {
    return state_->damage;
}
std::string CaptureReader::link_type() const {
    return dlt_name(state_->dlt);
}
std::uint64_t CaptureReader::bytes_read() const {
    return state_->stream.input().bytes_read();
}
std::uint64_t CaptureReader::file_size() const {
    return state_->stream.input().file_size();
}

} // namespace portscan
