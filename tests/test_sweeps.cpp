// SPDX-License-Identifier: GPL-2.0-or-later
// Every cut, every split into buffers, every depth of tags and every length of options and
// extension headers, for a source in each state and in each scope: the decision is the one that the
// lengths alone foretell.
#include "tests/frame_shape.h"
#include "tests/parsing_case.h"
#include "tests/workbench.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <iostream>
#include <random>

namespace portscan {
namespace {

using namespace test;

using Shapes = std::vector<FrameShape>;

/// What of the frame's kinds that scope drops, where the source is blocked.
Outcome of_blocked(Kind kind, BlockScope scope) {
    switch (kind) {
    case Kind::malformed:
        return malformed;
    case Kind::not_ip:
        return not_ip;
    case Kind::not_tcp:
        return scope == BlockScope::all ? blocked : not_tcp;
    case Kind::not_probe:
        return scope == BlockScope::probes ? not_probe : blocked;
    case Kind::probe:
        return blocked;
    }
    throw std::logic_error("no such kind");
}

/// Where it is not: `of_probe` says what becomes of a probe.
Outcome of_unblocked(Kind kind, Outcome of_probe) {
    switch (kind) {
    case Kind::malformed:
        return malformed;
    case Kind::not_ip:
        return not_ip;
    case Kind::not_tcp:
        return not_tcp;
    case Kind::not_probe:
        return not_probe;
    case Kind::probe:
        return of_probe;
    }
    throw std::logic_error("no such kind");
}

class Sweeps : public testing::Test {
  protected:
    Sweeps() {
        for (const Family &family : families) {
            for (Workbench *bench : {&blocked_tcp_, &blocked_probes_, &blocked_all_})
                bench->registry.block(bench->source_named(family.scanner), 0);
            fill_up(family);
        }
    }
    void TearDown() override {
        RecordProperty("frames", std::to_string(frames_));
        std::cout << "sweeps: " << frames_ << " frames run\n";
    }

    /// The frame, in one buffer or split, against a source in every state.
    void check(const FrameShape &shape, const Bytes &frame, Kind kind,
               std::optional<std::size_t> split = std::nullopt) {
        const Family &family = families.at(shape.ipv6 ? 1 : 0);
        const auto source = unblocked_.source_named(family.scanner);
        unblocked_.registry.remove(source);
        expect(unblocked_, frame, split, of_unblocked(kind, recorded), "unknown source");
        const auto record = unblocked_.registry.find(source);
        const PortList ports = record ? record->ports : PortList{};
        EXPECT_EQ(ports, kind == Kind::probe ? PortList{parsed_port} : PortList{});
        expect(unblocked_, frame, split, of_unblocked(kind, known), "after itself");
        expect(full_, frame, split, of_unblocked(kind, threshold), "three ports recorded");
        if (kind == Kind::probe) fill_up(family);
        expect(blocked_tcp_, frame, split, of_blocked(kind, BlockScope::tcp), "scope tcp");
        expect(blocked_probes_, frame, split, of_blocked(kind, BlockScope::probes), "scope probes");
        expect(blocked_all_, frame, split, of_blocked(kind, BlockScope::all), "scope all");
    }

    void check(const FrameShape &shape) {
        SCOPED_TRACE(shape.name);
        const Bytes frame = build(shape);
        check(shape, frame, expected_kind(shape, frame.size()));
    }

    /// In one buffer, and with a first buffer of every size up to `last`.
    void check_splits(const FrameShape &shape, std::size_t last) {
        check(shape);
        const Bytes frame = build(shape);
        const Kind kind = expected_kind(shape, frame.size());
        for (std::size_t split = min_frame_size; split <= std::min(last, frame.size()); ++split) {
            SCOPED_TRACE(fmt::format("{}, first buffer of {} bytes", shape.name, split));
            check(shape, frame, kind, split);
            if (HasFailure()) return;
        }
    }

    void check_cuts(const FrameShape &shape, Lengths lengths) {
        const Bytes whole = build(shape);
        for (std::size_t size = min_frame_size; size <= whole.size(); ++size) {
            SCOPED_TRACE(fmt::format("{}, cut to {} bytes, lengths {}", shape.name, size,
                                     static_cast<int>(lengths)));
            check(shape, cut(shape, whole, size, lengths), expected_kind(shape, size, lengths));
            if (HasFailure()) return;
        }
    }

  private:
    void expect(Workbench &bench, const Bytes &frame, std::optional<std::size_t> split,
                Outcome outcome, const char *state) {
        EXPECT_EQ(bench.run(frame, split), outcome) << state;
        ++frames_;
    }

    /// One more port, and the family's scanner is blocked.
    void fill_up(const Family &family) {
        full_.registry.remove(full_.source_named(family.scanner));
        for (const std::uint16_t port : {1, 2, 3}) full_.run(syn(family, port));
    }

    Workbench unblocked_{small()};
    Workbench full_{small()};
    Workbench blocked_tcp_{small()};
    Workbench blocked_probes_{small({.block_scope = BlockScope::probes})};
    Workbench blocked_all_{small({.block_scope = BlockScope::all})};
    std::uint64_t frames_ = 0;
};

/// One frame of each kind that the detector tells apart.
Shapes representatives(bool ipv6) {
    Shapes shapes;
    const auto add = [&](std::string name, FrameShape shape) {
        shape.name = fmt::format("{}, IPv{}", name, ipv6 ? 6 : 4);
        shape.ipv6 = ipv6;
        shapes.push_back(std::move(shape));
    };
    // A fragment is a field of IPv4 and a header of IPv6.
    const auto fragment = [&](Part part, FrameShape shape) {
        shape.part = part;
        if (ipv6) shape.chain = {{fragment_header, 8, part}};
        return shape;
    };
    add("SYN", {});
    add("FIN with options", {.segment = 70, .data_offset = 15, .flags = "F"});
    add("established", {.flags = "PA"});
    add("RST", {.segment = 20, .flags = "R"});
    add("padded SYN", {.segment = 20, .padding = 26});
    add("padded ACK", {.segment = 20, .flags = "A", .padding = 26});
    add("first fragment of 8 bytes", fragment(Part::first, {.segment = 8, .flags = "A"}));
    add("first fragment of 16 bytes", fragment(Part::first, {.segment = 16, .flags = "A"}));
    add("first fragment of a SYN", fragment(Part::first, {.segment = 24}));
    add("first fragment of 3 bytes", fragment(Part::first, {.segment = 3}));
    add("later fragment", fragment(Part::later, {.segment = 24}));
    add("later fragment of UDP", fragment(Part::later, {.protocol = 17, .segment = 24}));
    add("UDP", {.protocol = 17});
    add("data offset 4", {.data_offset = 4});
    add("data offset beyond", {.segment = 40, .data_offset = 11});
    add("TCP of 19 bytes", {.segment = 19});
    add("ARP", {.other_ethertype = true});
    if (ipv6) {
        add("atomic fragment", {.chain = {{fragment_header, 8}}});
        add("extension headers", {.chain = {{0, 16}, {43, 24}, {60, 8}, {51, 24}, {135, 16}}});
        add("ACK behind them", {.chain = {{60, 32}, {51, 12}}, .flags = "A"});
        add("two fragment headers", {.chain = {{fragment_header, 8}, {fragment_header, 8}}});
    } else {
        add("options", {.ihl = 15});
        add("ACK behind options", {.ihl = 8, .flags = "A"});
        add("IHL 4", {.ihl = 4});
    }
    return shapes;
}

Shapes of_both_families() {
    Shapes all = representatives(false);
    const Shapes ipv6 = representatives(true);
    all.insert(all.end(), ipv6.begin(), ipv6.end());
    return all;
}

FrameShape with_tags(FrameShape shape, std::size_t tags) {
    shape.tags = tags;
    shape.name += fmt::format(", {} tags", tags);
    return shape;
}

TEST_F(Sweeps, EveryTagDepth) {
    for (const FrameShape &shape : of_both_families())
        for (std::size_t tags = 0; tags <= 12; ++tags) check(with_tags(shape, tags));
}

TEST_F(Sweeps, EverySplit) {
    for (const FrameShape &shape : of_both_families())
        for (const std::size_t tags : {0, 1, 4, 5})
            check_splits(with_tags(shape, tags), shape.ip_at() + 4 * tags + 150);
}

TEST_F(Sweeps, EveryCut) {
    for (const FrameShape &shape : of_both_families())
        for (const std::size_t tags : {0, 1, 2, 3, 4, 5})
            for (const Lengths lengths : {Lengths::as_sent, Lengths::follow, Lengths::zero})
                check_cuts(with_tags(shape, tags), lengths);
}

TEST_F(Sweeps, EveryIpv4HeaderLength) {
    for (unsigned ihl = 0; ihl <= 15; ++ihl)
        for (const Part part : {Part::whole, Part::first, Part::later})
            for (const char *flags : {"S", "A"})
                for (const std::size_t segment : {0, 3, 4, 13, 14, 19, 20, 40})
                    check_splits({.name = fmt::format("IHL {}, part {}, {} bytes, {}", ihl,
                                                      static_cast<int>(part), segment, flags),
                                  .ihl = ihl,
                                  .part = part,
                                  .segment = segment,
                                  .flags = flags},
                                 segment == 40 ? 100 : 0);
}

TEST_F(Sweeps, EveryTcpDataOffset) {
    for (const bool ipv6 : {false, true})
        for (unsigned offset = 0; offset <= 15; ++offset)
            for (const char *flags : {"S", "A", "-", "R"})
                for (std::size_t segment = 18; segment <= 62; ++segment)
                    check({.name = fmt::format("data offset {} of {} bytes, {}, IPv{}", offset,
                                               segment, flags, ipv6 ? 6 : 4),
                           .ipv6 = ipv6,
                           .segment = segment,
                           .data_offset = offset,
                           .flags = flags});
}

/// Headers of every type, in every form that a fragment header has.
const std::vector<Extension> &extension_forms() {
    static const std::vector<Extension> forms{{0, 8},
                                              {43, 24},
                                              {60, 16},
                                              {51, 24},
                                              {135, 8},
                                              {fragment_header, 8, Part::whole},
                                              {fragment_header, 8, Part::first},
                                              {fragment_header, 8, Part::later}};
    return forms;
}

std::string chain_name(const std::vector<Extension> &chain) {
    std::string name = "chain";
    for (const Extension &header : chain)
        name += fmt::format(" {}/{}/{}", header.type, header.size, static_cast<int>(header.part));
    return name;
}

/// Before a SYN, an ACK and UDP.
Shapes before_each(const std::vector<Extension> &chain) {
    const FrameShape base{.name = chain_name(chain), .ipv6 = true, .chain = chain};
    Shapes shapes{base, base, base};
    shapes[1].flags = "A";
    shapes[2].protocol = 17;
    return shapes;
}

TEST_F(Sweeps, EveryChainOfOneType) {
    for (const Extension &form : extension_forms())
        for (std::size_t count = 0; count <= 11; ++count)
            for (const FrameShape &shape : before_each(std::vector(count, form))) {
                check_splits(shape, shape.ip_at() + 40 + shape.chain_size() + 20);
                check_cuts(shape, Lengths::follow);
            }
}

TEST_F(Sweeps, EveryMixtureOfThreeAndManyOfNine) {
    const auto &forms = extension_forms();
    for (const Extension &a : forms)
        for (const Extension &b : forms)
            for (const Extension &c : forms)
                for (const FrameShape &shape : before_each({a, b, c})) check(shape);

    std::mt19937 random{1};
    for (int i = 0; i < 2000; ++i) {
        std::vector<Extension> chain(random() % 10);
        for (Extension &header : chain) {
            // A fragment header ends most walks: rare enough that long chains are walked too.
            header = forms[random() % 10 == 0 ? 5 + random() % 3 : random() % 5];
            if (header.type != fragment_header) header.size = 8 * (1 + random() % 40);
        }
        for (const FrameShape &shape : before_each(chain)) check(shape);
    }
}

} // namespace
} // namespace portscan
