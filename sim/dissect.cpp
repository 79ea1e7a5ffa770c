// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/dissect.h"

#include "sim/endpoint.h"
#include "sim/wire.h"

#include <algorithm>
#include <fmt/format.h>
#include <net/ethernet.h>
#include <netinet/in.h>

namespace portscan {
namespace {

using wire::get16;

constexpr unsigned max_tags = 4;
constexpr unsigned max_extensions = 8;
constexpr std::uint16_t ethertype_8021ad = 0x88a8;

bool is_tag(std::uint16_t ethertype) {
    return ethertype == ETHERTYPE_VLAN || ethertype == ethertype_8021ad;
}

bool is_extension(std::uint8_t protocol) {
    switch (protocol) {
    case IPPROTO_HOPOPTS:
    case IPPROTO_ROUTING:
    case IPPROTO_FRAGMENT:
    case IPPROTO_AH:
    case IPPROTO_DSTOPTS:
    case IPPROTO_MH:
        return true;
    default:
        return false;
    }
}

/// Reads a frame once from front to back and stops where the verdict is decided, where the frame
/// is malformed or where the capture ends.
class Reader {
  public:
    Reader(ByteView frame, std::uint64_t wire_length) :
        frame_(frame),
        end_(std::max<std::size_t>(frame.size(), wire_length)) {
        read_ethernet();
    }

    Dissection seen{};
    bool malformed = false;
    std::uint16_t ethertype = 0;
    std::uint8_t protocol = 0; ///< the last one read: of the payload, or what reading stopped at

    bool undecidable() const { return seen.decisive_length > frame_.size(); }

  private:
    /// True if the next `size` bytes exist and were captured. They decide if they exist on the
    /// wire; if they do not, their absence does.
    bool has(std::size_t size) {
        if (size > left()) {
            malformed = true;
            return false;
        }
        seen.decisive_length = at_ + size;
        return !undecidable();
    }
    std::size_t left() const { return end_ - at_; }
    std::uint8_t byte(std::size_t offset) const { return frame_[at_ + offset]; }
    std::uint16_t word(std::size_t offset) const { return get16(frame_, at_ + offset); }

    void read_ethernet();
    void read_ipv4();
    void read_ipv6();
    void read_extensions();
    bool skip_extension();
    void read_transport();
    void read_whole_tcp();
    void read_first_fragment_of_tcp();
    void take_ports();

    ByteView frame_;
    std::size_t at_ = 0;
    std::size_t end_; ///< of what belongs to the packet, whether captured or not
};

void Reader::read_ethernet() {
    if (!has(14)) return;
    ethertype = word(12);
    at_ = 14;
    for (unsigned tags = 0; is_tag(ethertype); ++tags) {
        if (tags == max_tags || !has(4)) return;
        ethertype = word(2);
        at_ += 4;
    }
    if (ethertype == ETHERTYPE_IP) read_ipv4();
    if (ethertype == ETHERTYPE_IPV6) read_ipv6();
}

void Reader::read_ipv4() {
    if (!has(20)) return;
    const std::size_t header = (byte(0) & 0x0fU) * 4;
    const std::size_t total = word(2) == 0 ? left() : word(2); // 0: up to the frame's end
    malformed = byte(0) >> 4 != 4;
    if (malformed) return;
    seen.is_ip = true;
    seen.source = Address::ipv4(&frame_[at_ + 12]);
    seen.destination = Address::ipv4(&frame_[at_ + 16]);
    protocol = byte(9);
    malformed = header < 20 || header > total || total > left();
    if (malformed) return;

    const unsigned fragment = word(6);
    if (fragment & 0x1fff)
        seen.fragment = Dissection::Fragment::later;
    else if (fragment & 0x2000)
        seen.fragment = Dissection::Fragment::first;
    end_ = at_ + total;
    at_ += header;
    read_transport();
}

void Reader::read_ipv6() {
    if (!has(40)) return;
    const std::size_t length = word(4);
    malformed = byte(0) >> 4 != 6;
    if (malformed) return;
    seen.is_ip = true;
    seen.source = Address::ipv6(&frame_[at_ + 8]);
    seen.destination = Address::ipv6(&frame_[at_ + 24]);
    protocol = byte(6);
    malformed = length > left() - 40;
    if (malformed || length == 0) return; // 0: a jumbogram, or nothing at all
    at_ += 40;
    end_ = at_ + length;
    read_extensions();
}

void Reader::read_extensions() {
    bool seen_fragment = false;
    for (unsigned count = 0; is_extension(protocol); ++count) {
        if (count == max_extensions || !has(8)) return;
        if (protocol != IPPROTO_FRAGMENT) {
            if (!skip_extension()) return;
            continue;
        }
        if (seen_fragment) return;
        seen_fragment = true;
        const unsigned fragment = word(2);
        protocol = byte(0);
        at_ += 8;
        if (fragment & 0xfff8) {
            seen.fragment = Dissection::Fragment::later;
            break;
        }
        if (fragment & 1) seen.fragment = Dissection::Fragment::first;
    }
    read_transport();
}

bool Reader::skip_extension() {
    const std::size_t size = protocol == IPPROTO_AH ? (byte(1) + 2U) * 4 : (byte(1) + 1U) * 8;
    malformed = size > left();
    if (malformed) return false;
    protocol = byte(0);
    at_ += size;
    return true;
}

void Reader::read_transport() {
    seen.is_tcp = protocol == IPPROTO_TCP;
    if (!seen.is_tcp) return;
    switch (seen.fragment) {
    case Dissection::Fragment::none:
        return read_whole_tcp();
    case Dissection::Fragment::first:
        return read_first_fragment_of_tcp();
    case Dissection::Fragment::later:
        return;
    }
}

void Reader::read_whole_tcp() {
    // The header's 20 bytes must be there; only those up to the flags are looked at.
    malformed = left() < 20;
    if (malformed || !has(14)) return;
    const std::size_t header = (byte(12) >> 4U) * 4U;
    malformed = header < 20 || header > left();
    if (malformed) return;
    take_ports();
    seen.tcp_flags = byte(13);
    seen.is_probe = (byte(13) & (tcp_ack | tcp_rst)) == 0;
}

void Reader::read_first_fragment_of_tcp() {
    const bool has_flags = left() >= 14;
    if (!has(has_flags ? 14 : 4)) return;
    take_ports();
    if (has_flags) seen.tcp_flags = byte(13);
    seen.is_probe = !has_flags || (byte(13) & (tcp_ack | tcp_rst)) == 0;
}

void Reader::take_ports() {
    seen.source_port = word(0);
    seen.destination_port = word(2);
}

std::string protocol_name(std::uint8_t protocol) {
    switch (protocol) {
    case IPPROTO_TCP:
        return "TCP";
    case IPPROTO_UDP:
        return "UDP";
    case IPPROTO_ICMP:
        return "ICMP";
    case IPPROTO_ICMPV6:
        return "ICMPv6";
    default:
        return fmt::format("protocol {}", protocol);
    }
}

std::string summarize_ip(const Reader &reader) {
    const Dissection &seen = reader.seen;
    std::string line = fmt::format("{} > {}", Endpoint{*seen.source, seen.source_port}.to_string(),
                                   Endpoint{*seen.destination, seen.destination_port}.to_string());
    if (!seen.destination_port) line += " " + protocol_name(reader.protocol);
    if (seen.tcp_flags) line += " " + format_tcp_flags(*seen.tcp_flags);
    if (seen.fragment == Dissection::Fragment::first) line += " first fragment";
    if (seen.fragment == Dissection::Fragment::later) line += " later fragment";
    return line;
}

} // namespace

bool is_answer(const Dissection &frame) {
    return frame.tcp_flags &&
           (*frame.tcp_flags & (tcp_syn | tcp_ack | tcp_rst)) == (tcp_syn | tcp_ack);
}

Dissection dissect(ByteView frame, std::uint64_t wire_length) {
    return Reader{frame, wire_length}.seen;
}

std::string summarize(ByteView frame, std::uint64_t wire_length) {
    const Reader reader{frame, wire_length};
    const std::uint64_t length = std::max<std::uint64_t>(frame.size(), wire_length);
    std::string line;
    if (reader.seen.is_ip)
        line = summarize_ip(reader);
    else if (frame.size() < 14)
        line = fmt::format("{} bytes", length);
    else if (reader.ethertype < 0x600)
        line = fmt::format("802.3 frame, {} bytes", length);
    else
        line = fmt::format("ethertype 0x{:04x}, {} bytes", reader.ethertype, length);
    if (reader.malformed) line += ", malformed";
    if (reader.undecidable()) line += fmt::format(", {} captured", frame.size());
    return line;
}

} // namespace portscan
