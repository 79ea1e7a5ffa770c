// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/conversation.h"

#include "sim/tcp_flags.h"

#include <algorithm>

namespace portscan {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t segment_size = 1448;             // of 1500 bytes, with timestamps
constexpr std::chrono::nanoseconds segment_gap = 12us; // 1500 bytes at a gigabit a second

/// What a Linux host offers when it connects: MSS 1460, SACK, window scale 7.
const Bytes handshake_options{2, 4, 0x05, 0xb4, 1, 1, 4, 2, 1, 3, 3, 7};

} // namespace

Conversation::Conversation(SessionScript &script, const Endpoint &client, const Endpoint &server,
                           Random &random, std::chrono::nanoseconds begin) :
    script_(&script),
    client_{client, static_cast<std::uint32_t>(random.next())},
    server_{server, static_cast<std::uint32_t>(random.next())},
    half_round_trip_(random.between(100'000, 20'000'000)),
    time_(begin) {}

void Conversation::send(Side &from, const Side &to, std::uint8_t flags, std::size_t payload) {
    Packet packet = tcp(from.endpoint.address, to.endpoint.address, *to.endpoint.port, "-");
    packet.source_port(*from.endpoint.port)
        .flags(flags)
        .sequence(from.sequence, flags & tcp_ack ? to.sequence : 0)
        .payload_size(payload);
    if (flags & tcp_syn) packet.tcp_options(handshake_options);
    script_->send(time_, std::move(packet));
    from.sequence += static_cast<std::uint32_t>(payload);
    if (flags & (tcp_syn | tcp_fin)) ++from.sequence; // each takes a number (RFC 9293, section 3.4)
}

Conversation &Conversation::wait(std::chrono::nanoseconds time) {
    time_ += time;
    return *this;
}

Conversation &Conversation::open() {
    send(client_, server_, tcp_syn);
    wait(half_round_trip_).send(server_, client_, tcp_syn | tcp_ack);
    wait(half_round_trip_).send(client_, server_, tcp_ack);
    return *this;
}

Conversation &Conversation::refuse() {
    send(client_, server_, tcp_syn);
    server_.sequence = 0; // a refusal has no sequence of its own (RFC 9293, section 3.10.7.1)
    wait(half_round_trip_).send(server_, client_, tcp_rst | tcp_ack);
    return *this;
}

Conversation &Conversation::send_data(Side &from, Side &to, std::size_t bytes) {
    while (bytes > 0) {
        const std::size_t size = std::min(bytes, segment_size);
        bytes -= size;
        wait(segment_gap).send(from, to, bytes == 0 ? tcp_psh | tcp_ack : tcp_ack, size);
    }
    wait(half_round_trip_).send(to, from, tcp_ack);
    return *this;
}

Conversation &Conversation::close() {
    wait(segment_gap).send(client_, server_, tcp_fin | tcp_ack);
    wait(half_round_trip_).send(server_, client_, tcp_fin | tcp_ack);
    wait(half_round_trip_).send(client_, server_, tcp_ack);
    return *this;
}

Conversation &Conversation::reset() {
    wait(segment_gap).send(client_, server_, tcp_rst | tcp_ack);
    return *this;
}

} // namespace portscan
