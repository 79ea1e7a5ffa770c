// SPDX-License-Identifier: GPL-2.0-or-later
// Packet rows: what is read is written the same, and its packet is the one that was meant.
#include "sim/dissect.h"
#include "sim/packet_text.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace portscan;

constexpr std::size_t most_rows = 50; // a packet has up to 65 kB
constexpr std::size_t readable_tags = 4;

void check_packet(const PacketRow &row) {
    const Bytes bytes = row.packet().bytes();
    const Dissection seen = dissect(bytes, bytes.size());
    if (row.vlans.size() > readable_tags) return;
    fuzz::require(seen.is_tcp && seen.source == row.source.address &&
                      seen.destination == row.destination.address,
                  "the packet goes from source to destination");
    if (row.part == PacketRow::Part::later) return;
    fuzz::require(seen.destination_port == row.destination.port, "the packet goes to the port");
    if (row.part == PacketRow::Part::tiny) return;
    fuzz::require(seen.tcp_flags == row.flags, "the packet has the flags");
}

void check(const TextRow &row) {
    const std::string text = std::visit([](const auto &one) { return one.to_string(); }, row);
    const auto again = parse_packet_text(text);
    fuzz::require(again.size() == 1 && again[0].index() == row.index(), "a row stays a row");
    fuzz::require(std::visit([](const auto &one) { return one.to_string(); }, again[0]) == text,
                  "a row reads as it is written");
    if (const auto *const packet = std::get_if<PacketRow>(&row)) check_packet(*packet);
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    try {
        const auto rows = parse_packet_text(fuzz::text_of(data, size));
        for (std::size_t i = 0; i < rows.size() && i < most_rows; ++i) check(rows[i]);
    } catch (const TextError &error) {
        fuzz::require_message(error.what());
    }
    return 0;
}
