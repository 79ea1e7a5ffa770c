// SPDX-License-Identifier: GPL-2.0-or-later
// Captures of scenarios whose packets no row can say: malformed ones, and other protocols.
//   scenario_captures FOLDER           writes them
//   scenario_captures --check FOLDER   exits 1 if one there is not what this program makes
#include "sim/capture.h"
#include "sim/packet.h"
#include "sim/source_text.h"

#include <exception>
#include <filesystem>
#include <fmt/format.h>
#include <string>
#include <unistd.h>
#include <vector>

namespace portscan {
namespace {

constexpr auto source = "10.0.0.1";
constexpr auto source6 = "2001:db8::1";
constexpr auto target = "10.0.0.9";
constexpr auto target6 = "2001:db8::9";

Packet syn(std::uint16_t port) {
    return tcp(source, target, port, "S");
}
Packet syn6(std::uint16_t port) {
    return tcp(source6, target6, port, "S");
}

/// Every item of the closed list (docs/detection.md) that 14 bytes or more can show, then its
/// neighbours that are not malformed.
std::vector<Bytes> malformed() {
    return {
        syn(1).vlan(7).truncate(14).bytes(), // 1: cut within a tag
        syn(1).vlan(7).truncate(17).bytes(),
        syn(1).vlan(7).vlan(8).truncate(20).bytes(),
        syn(1).truncate(33).bytes(), // 4: IPv4 below 20 bytes
        syn(1).version(6).bytes(),
        syn(1).ihl(4).bytes(),
        syn(1).ihl(15).bytes(), // 7: beyond the frame
        syn(1).ip_length(19).bytes(),
        syn(1).ip_options(Bytes(8)).ip_length(27).bytes(),
        syn(1).ip_length(41).bytes(), // 10: beyond the frame
        syn6(1).truncate(53).bytes(),
        syn6(1).version(4).bytes(),
        syn6(1).ip_length(21).bytes(),               // 13: beyond the frame
        syn6(1).hop_by_hop(9).ip_length(79).bytes(), // an extension header cut
        syn6(1).destination_options().ip_length(7).bytes(),
        syn(1).ip_length(39).bytes(), // 16: TCP below 20 bytes
        syn6(1).ip_length(19).bytes(),
        syn(1).data_offset(4).bytes(),
        syn(1).data_offset(6).bytes(), // 19: beyond the segment
        syn6(1).data_offset(15).bytes(),
        syn(1).fragment(0, 8).ip_length(23).bytes(), // 21: first fragment, 3 bytes of TCP
        syn6(1).fragment(0, 8).ip_length(11).bytes(),

        syn(2).vlan(7).padding(18).bytes(), // 23: short frames are padded
        syn(3).ip_length(0).bytes(),        // bounded by the frame
        syn(4).fragment(0, 8).ip_length(24).bytes(),
        syn(5).ip_options(Bytes(40)).bytes(),
        syn(6).tcp_options(Bytes(40)).bytes(),
        syn6(2).hop_by_hop().routing().destination_options().authentication().bytes(),
        syn6(3).fragment_fields(0, false).bytes(), // 29: atomic
        syn6(4).ip_length(0).bytes(),              // 30: a jumbogram
        syn6(5).fragment_fields(0, false).fragment_fields(0, false).bytes(),
        ethernet(60, Bytes(60)).bytes(), // 32: IEEE 802.3
        syn(9).ethertype(0x88b5).bytes(),
    };
}

/// A blocked source's packets of every kind.
std::vector<Bytes> block_scope_all() {
    return {
        syn(1).bytes(), // 1
        syn(2).bytes(),
        udp(source, target, 53).bytes(), // 3
        icmp(source, target).bytes(),
        ip(source, target, 47, Bytes(8)).bytes(), // GRE
        udp(source, target, 53).payload_size(64).fragment(32, 16).bytes(),
        ethernet(0x0806, Bytes(46)).bytes(), // 7: ARP has no IP source
        udp(source, target, 53).vlan(1).vlan(2).vlan(3).vlan(4).bytes(),
        udp(source, target, 53).vlan(1).vlan(2).vlan(3).vlan(4).vlan(5).bytes(), // 9: not IP
        syn(3).ip_length(39).bytes(),        // 10: malformed passes in every scope
        udp("10.0.0.2", target, 53).bytes(), // 11: another source
        syn6(1).bytes(),                     // 12
        syn6(2).bytes(),
        udp(source6, target6, 53).bytes(), // 14
        icmp(source6, target6).bytes(),
        udp("2001:db8::2", target6, 53).hop_by_hop().bytes(), // of the same prefix
        udp("2001:db8:0:1::1", target6, 53).bytes(),          // 17: of another one
    };
}

/// Extension headers of every kind and length, alone, together and before what is no probe.
std::vector<Bytes> extensions() {
    const auto udp6 = [] { return udp(source6, target6, 53); };
    return {
        syn6(1).hop_by_hop(0).bytes(), // 1: each kind, in two lengths
        syn6(2).hop_by_hop(3).bytes(),
        syn6(3).routing(0).bytes(),
        syn6(4).routing(2).bytes(),
        syn6(5).destination_options(0).bytes(),
        syn6(6).destination_options(1).bytes(),
        syn6(7).authentication(4).bytes(),
        syn6(8).authentication(7).bytes(),
        syn6(9).mobility(0).bytes(),
        syn6(10).mobility(5).bytes(), // 10
        syn6(11)
            .hop_by_hop(1)
            .routing(2)
            .destination_options(3)
            .authentication(5)
            .mobility(1)
            .bytes(),
        syn6(12).hop_by_hop(1).fragment_fields(0, false).authentication(5).bytes(), // atomic
        syn6(13)
            .hop_by_hop()
            .routing()
            .destination_options()
            .authentication()
            .mobility()
            .destination_options()
            .destination_options()
            .destination_options()
            .bytes(), // 13: eight
        syn6(14)
            .hop_by_hop()
            .routing()
            .destination_options()
            .authentication()
            .mobility()
            .destination_options()
            .destination_options()
            .destination_options()
            .destination_options()
            .bytes(),                 // 14: nine
        udp6().hop_by_hop(1).bytes(), // 15: no TCP behind them
        udp6().authentication(4).bytes(),
        udp6().fragment_fields(0, true).bytes(),
        udp6().fragment_fields(8, true).bytes(),            // 18: a later fragment
        syn6(15).payload_size(64).fragment(0, 8).bytes(),   // ports alone: a probe
        syn6(16).payload_size(64).fragment(0, 32).bytes(),  // 20: flags are there
        syn6(17).payload_size(64).fragment(32, 32).bytes(), // a later one
        syn6(18).payload_size(64).fragment(8, 8).bytes(),
        syn6(19).flags("A").payload_size(64).fragment(0, 32).bytes(),
        syn6(20).payload_size(64).hop_by_hop().fragment(0, 16).bytes(),
        syn6(21).flags("A").hop_by_hop(1).bytes(), // 25
        syn6(22).ethertype(0x0800).bytes(),
        syn(23).ethertype(0x86dd).bytes(),
    };
}

/// First fragments with so many bytes of TCP, and what else hangs on a bit or a byte of the header.
std::vector<Bytes> header_bits() {
    std::vector<Bytes> frames;
    const auto add = [&frames](const Packet &packet) { frames.push_back(packet.bytes()); };
    // 1 to 10: from 14 bytes on the flags decide, and below 4 there are no ports.
    for (const std::uint16_t bytes : {3, 4, 5, 12, 13, 14, 15, 19, 20, 21})
        add(syn(bytes).flags("A").payload_size(24).fragment(0, 24).ip_length(
            static_cast<std::uint16_t>(20 + bytes)));
    for (const std::uint16_t bytes : {3, 4, 5, 12, 13, 14, 15, 19, 20, 21}) // 11 to 20
        add(syn6(bytes).flags("A").payload_size(24).fragment(0, 24).ip_length(
            static_cast<std::uint16_t>(8 + bytes)));
    for (const std::uint16_t bytes : {14, 19, 20, 21}) // 21 to 28: and no flag in them
        for (const bool six : {false, true})
            add((six ? syn6(bytes) : syn(bytes))
                    .payload_size(24)
                    .fragment(0, 24)
                    .ip_length(static_cast<std::uint16_t>((six ? 8 : 20) + bytes)));
    for (const std::size_t offset : {8, 16, 128, 4096, 32768}) // 29 to 38: each bit of the offset
        for (const bool more : {false, true}) add(syn(1).fragment_fields(offset, more));
    for (const std::size_t offset : {8, 16, 128, 4096, 32768}) // 39 to 48
        for (const bool more : {false, true}) add(syn6(1).fragment_fields(offset, more));
    add(syn(40).ihl(6)); // 49: options that are the first words of TCP: no port of ours
    add(syn(41).data_offset(5).payload_size(9));
    add(syn(42).tcp_options(Bytes(4)).data_offset(6)); // 51: just within the segment
    add(syn6(43).tcp_options(Bytes(40)).data_offset(15));
    add(syn(44).ip_options(Bytes(4)));
    add(syn(45).ip_options(Bytes(40)).tcp_options(Bytes(40)));
    // 55 to 59: the frame ends with the last tag's type, which is not IP.
    for (std::size_t tags = 0; tags < 5; ++tags) {
        Packet packet = syn(1).ethertype(0x88b5);
        for (std::size_t i = 0; i < tags; ++i) packet.vlan(7);
        add(packet.truncate(14 + 4 * tags));
    }
    // 60 to 62: it ends with the IP header.
    add(ip(source, target, 47, {}));
    add(ip(source6, target6, 59, {}).ip_length(0));
    add(udp(source6, target6, 53).ip_length(0).truncate(54));
    // 63 to 68: it ends with what of TCP decides.
    add(syn(50).payload_size(24).fragment(0, 24).ip_length(24).truncate(38));
    add(syn6(51).payload_size(24).fragment(0, 24).ip_length(12).truncate(66));
    add(syn(52).payload_size(24).fragment(0, 24).ip_length(34).truncate(48));
    add(syn6(53).payload_size(24).fragment(0, 24).ip_length(22).truncate(76));
    add(syn(54));
    add(syn6(55));
    return frames;
}

/// First fragments, with and without flags, and packets that end where their frame does.
std::vector<Bytes> first_fragments() {
    return {
        syn(1).fragment(0, 8).bytes(), // 1: without flags
        tcp(source, target, 2, "A").fragment(0, 8).bytes(),
        syn(3).fragment(0, 16).bytes(), // 3: with flags
        tcp(source, target, 4, "A").fragment(0, 16).bytes(),
        tcp(source, target, 5, "A").ip_length(0).bytes(), // 5: bounded by the frame
        syn6(1).fragment(0, 8).bytes(),                   // 6
        tcp(source6, target6, 2, "A").fragment(0, 8).bytes(),
        syn6(3).fragment(0, 16).bytes(), // 8
        tcp(source6, target6, 4, "A").fragment(0, 16).bytes(),
    };
}

void write(const std::string &path, const std::vector<Bytes> &frames) {
    CaptureWriter writer = CaptureWriter::create(path);
    std::uint64_t time_ns = 0;
    for (const Bytes &frame : frames) writer.write(time_ns += 1'000'000'000, frame);
    writer.close();
}

/// True where the file in the folder is what we make.
bool check(const std::string &path, const std::vector<Bytes> &frames) {
    const std::string made =
        std::filesystem::temp_directory_path() / fmt::format("scenario-captures-{}.pcap", getpid());
    write(made, frames);
    const bool same = SourceText::read(made).text() == SourceText::read(path).text();
    std::filesystem::remove(made);
    if (!same) fmt::print(stderr, "{} is out of date: run scenario_captures FOLDER\n", path);
    return same;
}

int run(const std::vector<std::string> &arguments) {
    const bool checks = arguments.size() == 2 && arguments[0] == "--check";
    if (!checks && arguments.size() != 1) {
        fmt::print(stderr, "usage: scenario_captures [--check] FOLDER\n");
        return 2;
    }
    const std::string &folder = arguments.back();
    bool good = true;
    for (const auto &[name, frames] :
         {std::pair{"malformed.pcap", malformed()},
          std::pair{"block-scope-all.pcap", block_scope_all()},
          std::pair{"extensions.pcap", extensions()}, std::pair{"header-bits.pcap", header_bits()},
          std::pair{"first-fragments.pcap", first_fragments()}}) {
        const std::string path = folder + "/" + name;
        if (checks)
            good = check(path, frames) && good;
        else
            write(path, frames);
    }
    return good ? 0 : 1;
}

} // namespace
} // namespace portscan

int main(int argc, char **argv) {
    try {
        return portscan::run({argv + 1, argv + argc});
    } catch (const std::exception &error) {
        fmt::print(stderr, "scenario_captures: {}\n", error.what());
        return 2;
    }
}
