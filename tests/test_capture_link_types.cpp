// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/link_layer.h"
#include "tests/capture_fixture.h"

#include <gtest/gtest.h>
#include <ostream>

namespace portscan {
namespace {

using test::PcapBytes;
using test::sample_frame;
using test::tcp_packet;

struct LinkCase {
    std::uint16_t link_type;
    Bytes link_header;
    std::uint16_t ethertype;
    bool outgoing;

    friend std::ostream &operator<<(std::ostream &out, const LinkCase &one) {
        return out << "link type " << one.link_type << ", "
                   << (one.ethertype == 0x86dd ? "IPv6" : "IPv4")
                   << (one.outgoing ? ", outgoing" : "");
    }
};

class LinkTypes : public test::CaptureFixture, public testing::WithParamInterface<LinkCase> {};

TEST_P(LinkTypes, ArePresentedAsEthernet) {
    const LinkCase &row = GetParam();
    Bytes record = row.link_header;
    const Bytes packet = row.ethertype == 0x86dd ? Bytes(40, 0x60) : tcp_packet(22);
    record.insert(record.end(), packet.begin(), packet.end());
    PcapBytes file{{.link_type = row.link_type}};
    file.record(1, 0, record, static_cast<std::uint32_t>(record.size() + 100));
    const auto frames = read(file.bytes());
    ASSERT_EQ(frames.size(), 1);
    ASSERT_EQ(frames[0].bytes.size(), 14 + packet.size());
    EXPECT_EQ(frames[0].bytes[12] << 8 | frames[0].bytes[13], row.ethertype);
    EXPECT_TRUE(std::equal(packet.begin(), packet.end(), frames[0].bytes.begin() + 14));
    EXPECT_EQ(frames[0].frame.wire_length, 14 + packet.size() + 100);
    EXPECT_EQ(frames[0].frame.outgoing, row.outgoing);
}

const Bytes sll_in{0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 7, 0, 0, 8, 0};
const Bytes sll_out{0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 7, 0, 0, 0x86, 0xdd};
const Bytes sll2_in{8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 7, 0, 0};
const Bytes sll2_out{0x86, 0xdd, 0, 0, 0, 0, 0, 2, 0, 1, 4, 6, 2, 0, 0, 0, 0, 7, 0, 0};
INSTANTIATE_TEST_SUITE_P(All, LinkTypes,
                         testing::Values(LinkCase{test::link_raw, {}, 0x0800, false},
                                         LinkCase{test::link_raw, {}, 0x86dd, false},
                                         LinkCase{test::link_ipv4, {}, 0x0800, false},
                                         LinkCase{test::link_ipv6, {}, 0x86dd, false},
                                         LinkCase{test::link_sll, sll_in, 0x0800, false},
                                         LinkCase{test::link_sll, sll_out, 0x86dd, true},
                                         LinkCase{test::link_sll2, sll2_in, 0x0800, false},
                                         LinkCase{test::link_sll2, sll2_out, 0x86dd, true},
                                         LinkCase{test::link_null, {2, 0, 0, 0}, 0x0800, false},
                                         LinkCase{test::link_null, {0, 0, 0, 30}, 0x86dd, false},
                                         LinkCase{test::link_loop, {0, 0, 0, 24}, 0x86dd, false}));

class CaptureLinkTypes : public test::CaptureFixture {};

TEST_F(CaptureLinkTypes, RecordCutWithinItsLinkHeaderIsDeliveredEmpty) {
    PcapBytes file{{.link_type = test::link_sll}};
    file.record(1, 0, sample_frame(15), 60).record(2, 0, sample_frame(15)).record(3, 0, sll_in);
    const auto frames = read(file.bytes());
    ASSERT_EQ(frames.size(), 3);
    EXPECT_EQ(frames[0].bytes.size(), 0);
    EXPECT_EQ(frames[0].frame.wire_length, 58);
    EXPECT_EQ(frames[1].frame.wire_length, 0);
    EXPECT_EQ(frames[2].bytes.size(), 14);
}

std::uint16_t ethertype_of(LinkLayer layer, const Bytes &record) {
    const auto form = ethernet_form(layer, record);
    return form ? static_cast<std::uint16_t>(form->header[12] << 8 | form->header[13]) : 0;
}

TEST(LinkLayer, AddressFamiliesOfEverySystemAreKnownInBothByteOrders) {
    for (const std::uint8_t family : Bytes{10, 23, 24, 26, 28, 30}) {
        EXPECT_EQ(ethertype_of(LinkLayer::null_loop, {family, 0, 0, 0}), 0x86dd) << int{family};
        EXPECT_EQ(ethertype_of(LinkLayer::null_loop, {0, 0, 0, family}), 0x86dd) << int{family};
    }
    EXPECT_EQ(ethertype_of(LinkLayer::null_loop, {2, 0, 0, 0}), 0x0800);
    EXPECT_EQ(ethertype_of(LinkLayer::null_loop, {0, 0, 0, 2}), 0x0800);
    EXPECT_EQ(ethertype_of(LinkLayer::null_loop, {7, 0, 0, 0}), 0xffff);
    EXPECT_EQ(ethertype_of(LinkLayer::null_loop, {2, 0, 0, 2}), 0xffff);
}

TEST(LinkLayer, RawPacketsGoByTheirVersion) {
    EXPECT_EQ(ethertype_of(LinkLayer::raw_ip, {0x45}), 0x0800);
    EXPECT_EQ(ethertype_of(LinkLayer::raw_ip, {0x60}), 0x86dd);
    EXPECT_EQ(ethertype_of(LinkLayer::raw_ip, {0x70}), 0x0800) << "malformed there";
    EXPECT_EQ(ethertype_of(LinkLayer::raw_ip, {}), 0x0800);
    EXPECT_EQ(ethertype_of(LinkLayer::raw_ipv4, {0x60}), 0x0800);
    EXPECT_EQ(ethertype_of(LinkLayer::raw_ipv6, {0x45}), 0x86dd);
}

TEST(LinkLayer, CookedRecordsKeepTheirProtocolAndSender) {
    Bytes vlan = sll_in;
    vlan[14] = 0x81;
    const auto form = ethernet_form(LinkLayer::linux_sll, vlan);
    ASSERT_TRUE(form);
    EXPECT_EQ(form->header,
              (std::array<std::uint8_t, 14>{0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 7, 0x81, 0}));

    Bytes no_mac = sll_in; // a tunnel: no link-layer address
    no_mac[5] = 4;
    EXPECT_EQ(ethernet_form(LinkLayer::linux_sll, no_mac)->header[6], 0);
}

TEST(LinkLayer, RecordWithinItsHeaderHasNoForm) {
    EXPECT_FALSE(ethernet_form(LinkLayer::linux_sll, Bytes(15)));
    EXPECT_FALSE(ethernet_form(LinkLayer::linux_sll2, Bytes(19)));
    EXPECT_FALSE(ethernet_form(LinkLayer::null_loop, Bytes(3)));
    EXPECT_TRUE(ethernet_form(LinkLayer::linux_sll2, Bytes(20)));
}

} // namespace
} // namespace portscan
