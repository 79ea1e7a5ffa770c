// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/capture.h"
#include "sim/capture_stream.h"
#include "sim/link_layer.h"
#include "sim/pcap_access.h"
#include "sim/pcapng_reader.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace portscan {
namespace {

/// How records of one link type are taken.
struct Link {
    LinkLayer layer = LinkLayer::ethernet;
    PcapFilter filter{};
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
    void show_pcap_header();
    void start_pcapng();
    void fetch();
    void show_pcap_record();
    void use_link(int wanted);
    std::optional<CapturedFrame> take();
    void present(CapturedFrame &frame);
    void finish();

    CaptureStream stream; // outlives pcap, which reads from it
    CaptureOptions options;
    std::optional<PcapFile> pcap{};
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
    pcap.emplace(stream);
    use_link(pcap->dlt());
    if (options.blocks) show_pcap_header();
}

/// A section with one interface, in the order of this machine's bytes.
void CaptureReader::State::show_pcap_header() {
    pcapng::make_section_header(block, {});
    options.blocks({.type = pcapng::section_header, .order = {}, .bytes = block});
    pcapng::make_interface(block, pcap->link_type(), 0, {});
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
    link->filter = pcap ? pcap->compile(options.filter) : PcapFilter{dlt, options.filter};
}

void CaptureReader::State::fetch() {
    record = pcapng ? pcapng->next() : pcap->next();
    if (pcap && record && options.blocks) show_pcap_record();
}

/// As the pcapng would have it that the pcap is shown as.
void CaptureReader::State::show_pcap_record() {
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
    else if (damage.empty())
        damage = pcapng ? pcapng->damage() : pcap->damage();
    if (!damage.empty()) damage = fmt::format("record {}: {}", number + 1, damage);
}

Dissection dissect(const CapturedFrame &frame) {
    return frame.dissection ? *frame.dissection : dissect(frame.bytes, frame.wire_length);
}

std::string nothing_selected(std::uint64_t packets) {
    return fmt::format("the filter matches none of the {} packets; tagged frames match only behind "
                       "'vlan and'",
                       packets);
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
