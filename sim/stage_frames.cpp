// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/stage_steps.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

namespace portscan {
namespace {

/// Frames of either family: tags, flags, fragments, and lengths that are wrong.
std::vector<Packet> frames_of_both(const StageDetector &detector, unsigned source) {
    const auto probe = [&] { return detector.packet(source, 22, "S"); };
    std::vector<Packet> frames{probe(), detector.packet(source, 22, "A"),
                               detector.packet(source, 22, "R"), detector.packet(source, 22, "-"),
                               detector.packet(source, 22, "U")};
    for (const char *const flags : {"F", "SF", "FPU", "SA", "FA", "SR", "RA", "P", "U", "EC"})
        frames.push_back(probe().flags(flags));
    for (unsigned tags = 1; tags <= 5; ++tags) {
        Packet tagged = probe();
        for (unsigned i = 0; i < tags; ++i) tagged.tag(i % 2 == 0 ? 0x8100 : 0x88a8, 7);
        frames.push_back(tagged);
    }
    for (const std::size_t length : {3UL, 4UL, 8UL, 13UL, 14UL, 16UL, 20UL})
        frames.push_back(probe().payload_size(30).fragment(0, length));
    for (const char *const flags : {"F", "A", "R", "SA"})
        frames.push_back(probe().flags(flags).payload_size(30).fragment(0, 16));
    frames.push_back(probe().payload_size(30).fragment(8, 16));
    frames.push_back(probe().payload_size(30).fragment(16, 34));
    for (const std::uint8_t words : Bytes{0, 4, 5, 6, 15})
        frames.push_back(probe().data_offset(words));
    for (const std::uint16_t length : std::vector<std::uint16_t>{0, 1, 19, 20, 39, 40, 41, 60, 500})
        frames.push_back(probe().ip_length(length));
    for (const std::uint8_t version : Bytes{0, 3, 4, 5, 6, 7, 15})
        frames.push_back(probe().version(version));
    frames.push_back(probe().padding(6));
    frames.push_back(ethernet(0x0806, Bytes(28)));
    for (unsigned tags = 0; tags <= 4; ++tags) { // with nothing behind
        Packet tagged = ethernet(0x88b5, {});
        for (unsigned i = 0; i < tags; ++i) tagged.tag(0x8100, 7);
        frames.push_back(tagged);
    }
    return frames;
}

std::vector<Packet> frames_of_ipv4(const StageDetector &detector, unsigned source) {
    const auto probe = [&] { return detector.packet(source, 22, "S"); };
    std::vector<Packet> frames;
    for (const std::uint8_t words : Bytes{0, 4, 5, 6, 15}) frames.push_back(probe().ihl(words));
    frames.push_back(detector.packet(source, 22, "U").ihl(4));
    frames.push_back(detector.packet(source, 22, "U").version(5).ihl(0));
    for (const std::size_t bytes : {4UL, 8UL, 40UL})
        frames.push_back(probe().ip_options(Bytes(bytes)));
    for (const std::uint16_t length : {std::uint16_t{0}, std::uint16_t{20}}) // the header alone
        frames.push_back(probe().protocol(253).ip_length(length).truncate(34));
    return frames;
}

std::vector<Packet> frames_of_ipv6(const StageDetector &detector, unsigned source) {
    const auto probe = [&] { return detector.packet(source, 22, "S"); };
    std::vector<Packet> frames{
        probe().hop_by_hop(),
        probe().routing(2),
        probe().destination_options(1),
        probe().authentication(),
        probe().mobility(),
        probe().fragment_fields(0, false),
        probe().hop_by_hop().fragment(0, 8),
        probe().hop_by_hop().payload_size(30).fragment(8, 16),
        probe().fragment_fields(0, true).fragment_fields(0, true),
        probe().hop_by_hop().protocol(17),
        probe().hop_by_hop().ip_length(4),
        probe().hop_by_hop().ip_length(8),
    };
    for (const char *const flags : {"F", "A", "R", "SA"}) {
        frames.push_back(probe().flags(flags).hop_by_hop());
        frames.push_back(probe().flags(flags).payload_size(30).hop_by_hop().fragment(0, 16));
    }
    frames.push_back(probe().protocol(253).ip_length(0).truncate(54));
    for (const std::size_t headers : {7UL, 8UL, 9UL}) {
        Packet deep = probe();
        for (std::size_t i = 0; i < headers; ++i) deep.destination_options();
        frames.push_back(deep);
    }
    return frames;
}

void run_all_cuts(StageDetector &detector, const Bytes &frame) {
    const ByteView whole{frame};
    constexpr std::size_t shortest = 14;
    for (std::size_t size = shortest; size < frame.size(); ++size)
        detector.run_bytes(whole.first(size));
    const Verdict verdict = detector.run_bytes(whole);
    for (std::size_t first = shortest; first < frame.size(); ++first)
        if (detector.run_bytes(whole, first) != verdict)
            throw StageFailure(fmt::format("a frame of {} bytes is judged in another way with {} "
                                           "of them in the first buffer",
                                           frame.size(), first));
}

void without_detour(StageDetector &detector, const Packet &packet, const std::string &what) {
    const std::uint64_t before = detector.detours();
    detector.run(packet);
    expect_true(detector, detector.detours() == before, what + " needs one look");
}

} // namespace

void play_frames(StageDetector &detector) {
    pass(detector, 1, 1, 3);
    drop(detector, 1, 4);
    for (const unsigned source : {1U, 2U}) { // a block, and nobody yet
        auto frames = frames_of_both(detector, source);
        const auto more =
            detector.ipv6() ? frames_of_ipv6(detector, source) : frames_of_ipv4(detector, source);
        frames.insert(frames.end(), more.begin(), more.end());
        for (const Packet &frame : frames) run_all_cuts(detector, frame.bytes());
        // Bits that are reserved, behind the data offset.
        Bytes reserved = detector.packet(source, 22, "S").bytes();
        reserved.at(reserved.size() - 8) |= 0x0f;
        run_all_cuts(detector, reserved);
    }
}

void play_first_look(StageDetector &detector) {
    const auto probe = [&] { return detector.packet(1, 22, "S"); };
    constexpr std::uint8_t protocol_of_nobody = 253;
    std::vector<Packet> frames{ethernet(0x88b5, {}), detector.packet(1, 22, "U"),
                               detector.packet(1, 22, "A"), probe().protocol(protocol_of_nobody)};
    for (unsigned tags = 1; tags <= 4; ++tags) {
        Packet tagged = ethernet(0x88b5, {});
        for (unsigned i = 0; i < tags; ++i) tagged.tag(0x8100, 7);
        frames.push_back(tagged);
    }
    const Host from{detector.ipv6() ? "2001:db8::1" : "10.0.0.1"};
    const Host to{detector.ipv6() ? "fd00::9" : "192.0.2.9"};
    frames.push_back(ip(from, to, protocol_of_nobody, {}));
    pass(detector, 1, 22, 22);
    frames.push_back(probe());
    if (!detector.ipv6())
        for (const std::size_t length : {4UL, 13UL, 14UL})
            frames.push_back(probe().payload_size(30).fragment(0, length));
    for (const Packet &frame : frames)
        without_detour(detector, frame, fmt::format("a frame of {} bytes", frame.bytes().size()));
    for (std::uint16_t port = 1; port <= 3; ++port) {
        pass(detector, 2, port, port);
        for (std::uint16_t known = 1; known <= port; ++known)
            without_detour(detector, detector.packet(2, known, "S"), "a known port");
        if (!detector.detector().has_frags()) continue;
        for (std::uint16_t known = 1; known <= port; ++known) {
            const std::uint64_t before = detector.detours();
            detector.run(detector.packet(2, known, "S"), true);
            expect_true(detector, detector.detours() == before + 1, "two buffers need two looks");
        }
    }
    const std::uint64_t before = detector.detours();
    drop(detector, 2, 4);
    expect_true(detector, detector.detours() != before, "detours are counted");
    for (const char *const flags : {"S", "A"})
        without_detour(detector, detector.packet(2, 1, flags), "a blocked source");
}

} // namespace portscan
