// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/small_simulator.h"
#include "tests/workbench.h"

#include <array>
#include <cstddef>
#include <gtest/gtest.h>
#include <linux/bpf.h>

namespace portscan {
namespace {

using namespace test;

// A driver may hand a frame over in several buffers, cut anywhere. The decision is that on the
// whole frame.

/// A program that drops frames whose first buffer holds exactly `size` bytes.
FileDescriptor load_buffer_gauge(int size) {
    const auto load = [](int to, unsigned field) {
        return bpf_insn{.code = BPF_LDX | BPF_MEM | BPF_W,
                        .dst_reg = static_cast<__u8>(to),
                        .src_reg = BPF_REG_1,
                        .off = static_cast<__s16>(field),
                        .imm = 0};
    };
    const auto set_result = [](int value) {
        return bpf_insn{.code = BPF_ALU64 | BPF_MOV | BPF_K,
                        .dst_reg = BPF_REG_0,
                        .src_reg = 0,
                        .off = 0,
                        .imm = value};
    };
    const std::array instructions{
        load(BPF_REG_2, offsetof(xdp_md, data)),
        load(BPF_REG_3, offsetof(xdp_md, data_end)),
        bpf_insn{.code = BPF_ALU64 | BPF_SUB | BPF_X,
                 .dst_reg = BPF_REG_3,
                 .src_reg = BPF_REG_2,
                 .off = 0,
                 .imm = 0},
        set_result(XDP_DROP),
        bpf_insn{.code = BPF_JMP | BPF_JEQ | BPF_K,
                 .dst_reg = BPF_REG_3,
                 .src_reg = 0,
                 .off = 1,
                 .imm = size},
        set_result(XDP_PASS),
        bpf_insn{.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
    LIBBPF_OPTS(bpf_prog_load_opts, options, .prog_flags = BPF_F_XDP_HAS_FRAGS);
    return FileDescriptor{bpf_prog_load(BPF_PROG_TYPE_XDP, "psim_gauge", "GPL", instructions.data(),
                                        instructions.size(), &options)};
}

TEST(TestRun, SplitsWhereItIsAskedTo) {
    for (const int size : {14, 15, 99, 100}) {
        const auto gauge = load_buffer_gauge(size);
        ASSERT_GE(gauge.get(), 0);
        const Bytes frame(100);
        for (std::size_t split = 14; split <= frame.size(); ++split)
            EXPECT_EQ(test_run(gauge.get(), frame, split).verdict,
                      split == static_cast<std::size_t>(size) ? Verdict::drop : Verdict::pass);
    }
    const auto gauge = load_buffer_gauge(3520);
    EXPECT_EQ(test_run(gauge.get(), Bytes(4000)).verdict, Verdict::drop);
    EXPECT_EQ(test_run(gauge.get(), Bytes(3519)).verdict, Verdict::pass);
}

class FrameSplits : public BothFamilies {
  protected:
    FrameSplits() : bench_{small({.block_scope = BlockScope::all})} {}

    /// The outcome for a source that nobody knows, and what was recorded.
    std::pair<Outcome, PortList> judge(const Bytes &frame, std::optional<std::size_t> linear) {
        const auto source = bench_.source_named(family.scanner);
        bench_.registry.remove(source);
        const Outcome outcome = bench_.run(frame, linear);
        const auto record = bench_.registry.find(source);
        return {outcome, record ? record->ports : PortList{}};
    }

    void check(const char *description, const Packet &packet) {
        SCOPED_TRACE(description);
        const Bytes frame = packet.bytes();
        const auto whole = judge(frame, std::nullopt);
        for (std::size_t split = min_frame_size; split <= frame.size(); ++split)
            ASSERT_EQ(judge(frame, split), whole) << "first buffer of " << split << " bytes";
    }

    Packet segment(const char *flags) const {
        return tcp(family.scanner, family.host, 443, flags).payload_size(20);
    }

    Workbench bench_;
};
class Ipv6FrameSplits : public FrameSplits {};
class Ipv4FrameSplits : public FrameSplits {};
INSTANTIATE_TEST_SUITE_P(For, FrameSplits, testing::ValuesIn(families),
                         testing::PrintToStringParamName());
INSTANTIATE_TEST_SUITE_P(For, Ipv4FrameSplits, testing::Values(families[0]),
                         testing::PrintToStringParamName());
INSTANTIATE_TEST_SUITE_P(For, Ipv6FrameSplits, testing::Values(families[1]),
                         testing::PrintToStringParamName());

TEST_P(FrameSplits, OfWellFormedPacketsChangeNothing) {
    check("SYN", segment("S"));
    check("ACK", segment("A"));
    check("RST with options", segment("R").tcp_options(Bytes(40, 1)));
    check("behind one tag", segment("S").vlan(7));
    check("behind four tags", segment("S").qinq(1, 2).qinq(3, 4));
    check("behind five tags", segment("S").qinq(1, 2).qinq(3, 4).vlan(5));
    check("padded", segment("S").padding(40));
    check("UDP", udp(family.scanner, family.host, 443).payload_size(30));
    check("ICMP", icmp(family.scanner, family.host));
    check("ARP", ethernet(0x0806, Bytes(46)));
}

TEST_P(FrameSplits, OfFragmentsChangeNothing) {
    check("first without flags", segment("A").fragment(0, 8));
    check("first with flags", segment("A").fragment(0, 16));
    check("first SYN", segment("S").fragment(0, 24));
    check("later", segment("S").fragment(24, 16));
}

TEST_P(FrameSplits, OfMalformedPacketsChangeNothing) {
    check("data offset 4", segment("S").data_offset(4));
    check("data offset beyond", segment("S").data_offset(15));
    check("wrong version", segment("S").version(7));
    check("TCP cut", ip(family.scanner, family.host, 6, Bytes(19)));
    check("first fragment of 3 bytes",
          ip(family.scanner, family.host, 6, Bytes(3)).fragment_fields(0, true));
    check("cut in a tag", segment("S").vlan(7).truncate(17));
    check("IP header cut", segment("S").truncate(33));
    check("length beyond the frame", segment("S").ip_length(200));
}

TEST_P(FrameSplits, HeadersBehindAFullFirstBufferAreFound) {
    if (!family.ipv6) {
        const auto large = tcp(family.scanner, family.host, 443, "S").payload_size(9000);
        EXPECT_EQ(judge(large.bytes(), std::nullopt).first, recorded);
        return;
    }
    // The kernel fills the first buffer of a test run with 3,520 bytes at most.
    for (const char *flags : {"S", "A"}) {
        auto packet = tcp(family.scanner, family.host, 443, flags).payload_size(100);
        packet.destination_options(255).destination_options(255);
        const auto [outcome, ports] = judge(packet.bytes(), std::nullopt);
        EXPECT_EQ(outcome, flags[0] == 'S' ? recorded : not_probe);
        EXPECT_EQ(ports.size(), flags[0] == 'S' ? 1U : 0U);
    }
}

TEST_P(Ipv4FrameSplits, OfOptionsAndLengthsChangeNothing) {
    check("all options", segment("S").ip_options(Bytes(40, 1)));
    check("total length 0", segment("S").ip_length(0));
    check("total length 0, data offset beyond", segment("S").data_offset(15).ip_length(0));
    check("IHL beyond the frame", ip(family.scanner, family.host, 17, {}).ihl(6).ip_length(0));
}

TEST_P(Ipv6FrameSplits, OfExtensionHeadersChangeNothing) {
    check("one of each",
          segment("S").hop_by_hop().routing(1).destination_options(2).authentication().mobility());
    check("atomic fragment", segment("S").fragment_fields(0, false));
    check("two fragment headers", segment("S").fragment_fields(0, false).fragment_fields(0, false));
    check("extension cut", segment("S").hop_by_hop(3).ip_length(20));
    check("jumbogram", segment("S").hop_by_hop().ip_length(0));
    auto nine = segment("S");
    for (int i = 0; i < 9; ++i) nine.destination_options();
    check("nine headers", nine);
}

TEST_P(Ipv6FrameSplits, OfLongExtensionHeadersChangeNothing) {
    check("two of 2,048 bytes", segment("S").destination_options(255).destination_options(255));
    check("two of 2,048 bytes and an ACK", segment("A").routing(255).destination_options(255));
    check("a fragment behind 2,048 bytes",
          segment("S").destination_options(255).fragment_fields(8, true));
}

} // namespace
} // namespace portscan
