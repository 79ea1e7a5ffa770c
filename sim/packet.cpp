// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/packet.h"

#include "sim/tcp_flags.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <stdexcept>

namespace portscan {
namespace {

constexpr std::size_t max_options = 40; // 15 words of header less the fixed 5

Bytes whole_words(Bytes options, std::string_view what) {
    if (options.size() > max_options)
        throw std::invalid_argument(fmt::format("{} bytes of {} options: a header holds {}",
                                                options.size(), what, max_options));
    options.resize((options.size() + 3) / 4 * 4);
    return options;
}

std::uint8_t four_bits(std::uint8_t value, std::string_view what) {
    if (value > 15)
        throw std::invalid_argument(fmt::format("{} {} has more than 4 bits", what, value));
    return value;
}

Packet between(PacketFields::Transport transport, const Host &source, const Host &destination) {
    if (source.address.family != destination.address.family)
        throw std::invalid_argument(fmt::format("{} and {} are of different families",
                                                source.address.to_string(),
                                                destination.address.to_string()));
    return Packet{
        {.transport = transport, .source = source.address, .destination = destination.address}};
}

} // namespace

Host::Host(std::string_view text) {
    const auto parsed = Address::parse(text);
    if (!parsed) throw std::invalid_argument(fmt::format("'{}' is no IP address", text));
    address = *parsed;
}

Packet &Packet::tag(std::uint16_t ethertype, std::uint16_t control) {
    fields_.tags.push_back({ethertype, control});
    return *this;
}

Packet &Packet::vlans(std::span<const std::uint16_t> outermost_first) {
    for (std::size_t i = 0; i < outermost_first.size(); ++i)
        tag(i + 1 < outermost_first.size() ? 0x88a8 : 0x8100, outermost_first[i]);
    return *this;
}

Packet &Packet::ttl(std::uint8_t value) {
    fields_.ttl = value;
    return *this;
}

Packet &Packet::traffic_class(std::uint8_t dscp_and_ecn) {
    fields_.traffic_class = dscp_and_ecn;
    return *this;
}

Packet &Packet::identification(std::uint32_t value) {
    fields_.identification = value;
    return *this;
}

Packet &Packet::ip_options(Bytes options) {
    fields_.ip_options = whole_words(std::move(options), "IPv4");
    return *this;
}

Packet &Packet::hop_by_hop(std::uint8_t length) {
    return extension(IPPROTO_HOPOPTS, length);
}
Packet &Packet::routing(std::uint8_t length) {
    return extension(IPPROTO_ROUTING, length);
}
Packet &Packet::destination_options(std::uint8_t length) {
    return extension(IPPROTO_DSTOPTS, length);
}
Packet &Packet::authentication(std::uint8_t length) {
    return extension(IPPROTO_AH, length);
}
Packet &Packet::mobility(std::uint8_t length) {
    return extension(IPPROTO_MH, length);
}

Packet &Packet::extension(std::uint8_t protocol, std::uint8_t length) {
    fields_.extensions.push_back({.protocol = protocol, .length = length});
    return *this;
}

Packet &Packet::fragment(std::size_t offset, std::size_t length) {
    return add_fragment({.offset = offset, .length = length});
}

Packet &Packet::fragment_fields(std::size_t offset, bool more) {
    return add_fragment({.offset = offset, .length = {}, .more = more});
}

Packet &Packet::add_fragment(PacketFields::Fragment fragment) {
    if (fragment.offset % 8 != 0 || fragment.offset / 8 > 0x1fff)
        throw std::invalid_argument(fmt::format(
            "fragment offset {}: a multiple of 8 up to 65528 is needed", fragment.offset));
    if (fields_.source && fields_.source->is_ipv6())
        fields_.extensions.push_back({.protocol = IPPROTO_FRAGMENT, .fragment = fragment});
    else
        fields_.fragment = fragment;
    return *this;
}

Packet &Packet::source_port(std::uint16_t port) {
    fields_.source_port = port;
    return *this;
}

Packet &Packet::destination_port(std::uint16_t port) {
    fields_.destination_port = port;
    return *this;
}

Packet &Packet::flags(std::string_view letters) {
    const auto byte = parse_tcp_flags(letters);
    if (!byte)
        throw std::invalid_argument(fmt::format("'{}' are no TCP flags of SFRPAUEC or -", letters));
    return flags(*byte);
}

Packet &Packet::flags(std::uint8_t byte) {
    fields_.flags = byte;
    return *this;
}

Packet &Packet::sequence(std::uint32_t number, std::uint32_t acknowledged) {
    fields_.sequence = number;
    fields_.acknowledged = acknowledged;
    return *this;
}

Packet &Packet::window(std::uint16_t value) {
    fields_.window = value;
    return *this;
}

Packet &Packet::tcp_options(Bytes options) {
    fields_.tcp_options = whole_words(std::move(options), "TCP");
    return *this;
}

Packet &Packet::payload(Bytes bytes) {
    fields_.payload = std::move(bytes);
    return *this;
}

Packet &Packet::ethertype(std::uint16_t value) {
    fields_.overrides.ethertype = value;
    return *this;
}

Packet &Packet::version(std::uint8_t value) {
    fields_.overrides.version = four_bits(value, "version");
    return *this;
}

Packet &Packet::ihl(std::uint8_t words) {
    fields_.overrides.ihl = four_bits(words, "IHL");
    return *this;
}

Packet &Packet::ip_length(std::uint16_t bytes) {
    fields_.overrides.ip_length = bytes;
    return *this;
}

Packet &Packet::protocol(std::uint8_t value) {
    fields_.overrides.protocol = value;
    return *this;
}

Packet &Packet::ip_checksum(std::uint16_t value) {
    fields_.overrides.ip_checksum = value;
    return *this;
}

Packet &Packet::data_offset(std::uint8_t words) {
    fields_.overrides.data_offset = four_bits(words, "data offset");
    return *this;
}

Packet &Packet::checksum(std::uint16_t value) {
    fields_.overrides.checksum = value;
    return *this;
}

Packet &Packet::padding(std::size_t bytes) {
    fields_.padding = bytes;
    return *this;
}

Packet &Packet::truncate(std::size_t bytes) {
    fields_.cut = bytes;
    return *this;
}

Packet &Packet::at(std::chrono::nanoseconds time) {
    if (time.count() < 0) throw std::invalid_argument("a packet's time lies before 0");
    time_ = time;
    return *this;
}

Packet tcp(const Host &source, const Host &destination, std::uint16_t port,
           std::string_view flags) {
    Packet packet = between(PacketFields::Transport::tcp, source, destination);
    return packet.destination_port(port).flags(flags);
}

Packet udp(const Host &source, const Host &destination, std::uint16_t port) {
    return between(PacketFields::Transport::udp, source, destination).destination_port(port);
}

Packet icmp(const Host &source, const Host &destination) {
    return between(PacketFields::Transport::icmp, source, destination);
}

Packet ip(const Host &source, const Host &destination, std::uint8_t protocol, Bytes payload) {
    return between(PacketFields::Transport::none, source, destination)
        .protocol(protocol)
        .payload(std::move(payload));
}

Packet ethernet(std::uint16_t ethertype, Bytes payload) {
    return Packet{{}}.ethertype(ethertype).payload(std::move(payload));
}

} // namespace portscan
