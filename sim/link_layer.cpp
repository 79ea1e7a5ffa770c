// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/link_layer.h"

#include "sim/wire.h"

#include <algorithm>
#include <stdexcept>

namespace portscan {
namespace {

using wire::get16;

constexpr std::uint16_t ethertype_ipv4 = 0x0800;
constexpr std::uint16_t ethertype_ipv6 = 0x86dd;
constexpr std::uint16_t ethertype_reserved = 0xffff;
constexpr std::uint8_t sll_outgoing = 4; // PACKET_OUTGOING, linux/if_packet.h

void set_ethertype(EthernetForm &form, std::uint16_t ethertype) {
    form.header[12] = static_cast<std::uint8_t>(ethertype >> 8);
    form.header[13] = static_cast<std::uint8_t>(ethertype);
}

/// The sender's link-layer address, where it is a MAC address.
void set_source(EthernetForm &form, ByteView address, std::size_t length) {
    if (length == 6) std::copy_n(address.begin(), 6, form.header.begin() + 6);
}

EthernetForm form_of_raw(std::uint16_t ethertype) {
    EthernetForm form;
    set_ethertype(form, ethertype);
    return form;
}

std::uint16_t ethertype_of_version(ByteView packet) {
    return !packet.empty() && packet[0] >> 4 == 6 ? ethertype_ipv6 : ethertype_ipv4;
}

/// Packet type, ARPHRD type, address length (2 bytes each), address (8), protocol (2).
EthernetForm form_of_sll(ByteView record) {
    EthernetForm form{.stripped = link_header_size(LinkLayer::linux_sll)};
    form.outgoing = get16(record, 0) == sll_outgoing;
    set_source(form, record.subspan(6), get16(record, 4));
    set_ethertype(form, get16(record, 14));
    return form;
}

/// Protocol, reserved (2 each), interface (4), ARPHRD type (2), packet type, address length (1
/// each), address (8).
EthernetForm form_of_sll2(ByteView record) {
    EthernetForm form{.stripped = link_header_size(LinkLayer::linux_sll2)};
    form.outgoing = record[10] == sll_outgoing;
    set_source(form, record.subspan(12), record[11]);
    set_ethertype(form, get16(record, 0));
    return form;
}

/// AF_INET is 2 everywhere; AF_INET6 differs from system to system.
std::uint16_t ethertype_of_family(std::uint32_t family) {
    switch (family) {
    case 2:
        return ethertype_ipv4;
    case 10: // Linux
    case 23: // Windows
    case 24: // NetBSD, OpenBSD, BSD/OS
    case 26: // Solaris
    case 28: // FreeBSD, DragonFly BSD
    case 30: // macOS
        return ethertype_ipv6;
    default:
        return ethertype_reserved;
    }
}

/// The byte order is that of the capturing host, which the file does not tell for certain; no
/// family is so large that the two could be confused.
EthernetForm form_of_null(ByteView record) {
    EthernetForm form{.stripped = link_header_size(LinkLayer::null_loop)};
    const std::uint32_t family =
        static_cast<std::uint32_t>(get16(record, 0)) << 16 | get16(record, 2);
    set_ethertype(form, ethertype_of_family(family > 0xffff ? __builtin_bswap32(family) : family));
    return form;
}

} // namespace

std::size_t link_header_size(LinkLayer layer) {
    switch (layer) {
    case LinkLayer::ethernet:
    case LinkLayer::raw_ip:
    case LinkLayer::raw_ipv4:
    case LinkLayer::raw_ipv6:
        return 0;
    case LinkLayer::linux_sll:
        return 16;
    case LinkLayer::linux_sll2:
        return 20;
    case LinkLayer::null_loop:
        return 4;
    }
    throw std::invalid_argument{"unknown link layer"};
}

std::optional<EthernetForm> ethernet_form(LinkLayer layer, ByteView record) {
    if (record.size() < link_header_size(layer)) return std::nullopt;
    switch (layer) {
    case LinkLayer::ethernet:
        break;
    case LinkLayer::raw_ip:
        return form_of_raw(ethertype_of_version(record));
    case LinkLayer::raw_ipv4:
        return form_of_raw(ethertype_ipv4);
    case LinkLayer::raw_ipv6:
        return form_of_raw(ethertype_ipv6);
    case LinkLayer::linux_sll:
        return form_of_sll(record);
    case LinkLayer::linux_sll2:
        return form_of_sll2(record);
    case LinkLayer::null_loop:
        return form_of_null(record);
    }
    throw std::invalid_argument{"Ethernet needs no other form"};
}

} // namespace portscan
