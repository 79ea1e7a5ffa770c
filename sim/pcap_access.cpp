// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/pcap_access.h"

#include "loader/options.h"
#include "sim/capture.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fmt/format.h>
#include <pcap.h>
#include <string_view>
#include <utility>

namespace portscan {
namespace {

using PcapHandle = std::unique_ptr<pcap_t, void (*)(pcap_t *)>;
using StdioHandle = std::unique_ptr<std::FILE, int (*)(std::FILE *)>;

constexpr std::int64_t ns_per_second = 1'000'000'000;
constexpr int largest_packet = 262'144; // of a filter's program
constexpr std::uint16_t linktype_raw = 101;

/// `time` has nanoseconds in its second field, and unsigned 32-bit seconds
/// (draft-ietf-opsawg-pcap), which libpcap takes for signed ones.
std::uint64_t nanoseconds_of(const timeval &time) {
    const std::int64_t seconds = static_cast<std::uint32_t>(time.tv_sec);
    return static_cast<std::uint64_t>(
        std::max<std::int64_t>(seconds * ns_per_second + time.tv_usec, 0));
}

PcapHandle open_pcap(CaptureStream &stream) {
    StdioHandle stdio{stream.open_stdio(), std::fclose};
    std::array<char, PCAP_ERRBUF_SIZE> message{};
    PcapHandle pcap{pcap_fopen_offline_with_tstamp_precision(
                        stdio.get(), PCAP_TSTAMP_PRECISION_NANO, message.data()),
                    pcap_close};
    if (pcap) {
        (void)stdio.release(); // pcap_close() closes it
        return pcap;
    }
    if (!stream.input().failure().empty()) throw CaptureError{stream.input().failure()};
    if (stream.bytes_delivered() == 0) throw CaptureError{"empty"};
    const std::string_view reason{message.data()};
    if (reason.find("unknown file format") != reason.npos)
        throw CaptureError{"not a capture (pcap or pcapng, also with gzip or zstd)"};
    throw CaptureError{std::string{reason}};
}

} // namespace

int dlt_of(std::uint16_t link_type, bool big_endian) {
    if (link_type == linktype_raw) return DLT_RAW;
    return link_type == DLT_NULL && big_endian ? DLT_LOOP : link_type;
}

std::string dlt_name(int dlt) {
    const char *const name = pcap_datalink_val_to_name(dlt);
    return name != nullptr ? name : fmt::format("{}", dlt);
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

struct PcapFilter::Program {
    Program() = default;
    Program(const Program &) = delete;
    Program &operator=(const Program &) = delete;
    ~Program() { pcap_freecode(&code); }

    bpf_program code{};
};

namespace {

auto compiled(pcap_t *pcap, const std::string &expression, auto program) {
    if (pcap_compile(pcap, &program->code, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0)
        throw CaptureError{fmt::format("filter '{}': {}", expression, pcap_geterr(pcap))};
    return program;
}

} // namespace

void check_filter(const std::string &expression) {
    if (expression.empty()) return;
    std::string reason;
    for (const int dlt : {DLT_EN10MB, DLT_RAW, DLT_LINUX_SLL, DLT_NULL}) {
        try {
            PcapFilter{dlt, expression};
            return;
        } catch (const CaptureError &error) {
            if (reason.empty()) reason = error.what();
        }
    }
    throw OptionError(reason);
}

PcapFilter::PcapFilter(int dlt, const std::string &expression) {
    const PcapHandle pcap{pcap_open_dead(dlt, largest_packet), pcap_close};
    program_ = compiled(pcap.get(), expression, std::make_shared<Program>());
}

bool PcapFilter::matches(ByteView bytes, std::uint64_t wire_length) const {
    if (!program_) return true;
    pcap_pkthdr header{};
    header.caplen = static_cast<bpf_u_int32>(bytes.size());
    header.len = static_cast<bpf_u_int32>(wire_length);
    return pcap_offline_filter(&program_->code, &header, bytes.data()) != 0;
}

struct PcapFile::Handle {
    explicit Handle(PcapHandle opened) : pcap{std::move(opened)} {}
    PcapHandle pcap;
};

PcapFile::PcapFile(CaptureStream &stream) :
    handle_{std::make_unique<Handle>(open_pcap(stream))},
    link_type_{dlt() == DLT_RAW ? linktype_raw : static_cast<std::uint16_t>(dlt())} {}

PcapFile::~PcapFile() = default;

PcapFilter PcapFile::compile(const std::string &expression) const {
    return PcapFilter{
        compiled(handle_->pcap.get(), expression, std::make_shared<PcapFilter::Program>())};
}

std::optional<pcapng::Record> PcapFile::next() {
    pcap_pkthdr *header = nullptr;
    const u_char *bytes = nullptr;
    const int status = pcap_next_ex(handle_->pcap.get(), &header, &bytes);
    if (status == PCAP_ERROR) damage_ = pcap_geterr(handle_->pcap.get());
    if (status != 1) return std::nullopt;
    return pcapng::Record{.link_type = link_type_,
                          .time_ns = nanoseconds_of(header->ts),
                          .wire_length = std::max(header->len, header->caplen),
                          .bytes = {bytes, header->caplen}};
}

int PcapFile::dlt() const {
    return pcap_datalink(handle_->pcap.get());
}

} // namespace portscan
