// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/fuzz_text.h"
#include "sim/model.h"
#include "sim/packet_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace portscan {

void PrintTo(const ModelOutcome &outcome, std::ostream *out) {
    *out << fuzz_text(outcome);
}

namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using Kind = ModelPacket::Kind;

// What the model takes a frame for.

struct FrameCase {
    const char *description;
    Packet packet;
    Kind kind;
    bool is_probe = false;
};

Packet syn4() {
    return tcp("10.0.0.1", "10.0.0.9", 443, "S");
}
Packet syn6() {
    return tcp("2001:db8::1", "fd00::9", 443, "S");
}

/// `size` octets of a TCP header that lacks ACK and RST, in an IP packet.
Packet segment(const char *source, const char *target, std::size_t size) {
    Bytes whole = tcp(source, target, 443, "S").bytes();
    whole.erase(whole.begin(), whole.end() - 20);
    whole.resize(size);
    return ip(source, target, 6, whole);
}
Packet segment4(std::size_t size) {
    return segment("10.0.0.1", "10.0.0.9", size);
}
Packet segment6(std::size_t size) {
    return segment("2001:db8::1", "fd00::9", size);
}

void check_frames(const std::vector<FrameCase> &cases) {
    for (const FrameCase &one : cases) {
        SCOPED_TRACE(one.description);
        const ModelPacket packet = read_packet(one.packet.bytes());
        EXPECT_EQ(packet.kind, one.kind);
        EXPECT_EQ(packet.is_probe, one.is_probe);
        if (packet.is_probe) {
            EXPECT_EQ(packet.port, 443);
        }
    }
}

TEST(ModelPacket, TakesForAProbeWhatHasNeitherAckNorRst) {
    check_frames({{"SYN", syn4(), Kind::tcp, true},
                  {"NULL", syn4().flags("-"), Kind::tcp, true},
                  {"FIN", syn6().flags("F"), Kind::tcp, true},
                  {"Xmas", syn6().flags("FPU"), Kind::tcp, true},
                  {"SYN with ECN", syn4().flags("SEC"), Kind::tcp, true},
                  {"SYN-ACK", syn4().flags("SA"), Kind::tcp},
                  {"RST", syn6().flags("R"), Kind::tcp},
                  {"UDP", udp("10.0.0.1", "10.0.0.9", 443), Kind::not_tcp},
                  {"ARP", ethernet(0x0806, Bytes(28)), Kind::not_ip},
                  {"802.3", ethernet(46, Bytes(46)), Kind::not_ip}});
}

TEST(ModelPacket, ReadsUpToFourTags) {
    const std::vector<std::uint16_t> four{1, 2, 3, 4};
    const std::vector<std::uint16_t> five{1, 2, 3, 4, 5};
    check_frames({{"four", syn4().vlans(four), Kind::tcp, true},
                  {"five", syn4().vlans(five), Kind::not_ip},
                  {"cut within the second", syn6().qinq(1, 2).truncate(21), Kind::malformed},
                  {"five, cut within the fifth", syn4().vlans(five).truncate(32), Kind::not_ip},
                  {"another type of tag", syn4().tag(0x9100, 1), Kind::not_ip}});
}

TEST(ModelPacket, BoundsIpv4ByItsLengths) {
    check_frames(
        {{"options", syn4().ip_options(Bytes(40)), Kind::tcp, true},
         {"no total length", syn4().ip_length(0), Kind::tcp, true},
         {"padding is no TCP", segment4(19).padding(20), Kind::malformed},
         {"total length below the header's", syn4().ip_length(19), Kind::malformed},
         {"total length beyond the frame", syn4().ip_length(41), Kind::malformed},
         {"version", syn4().version(6), Kind::malformed},
         {"IHL below 5", syn4().ihl(4), Kind::malformed},
         {"IHL beyond the frame", syn4().ihl(15).truncate(60), Kind::malformed},
         {"19 bytes", syn4().truncate(33), Kind::malformed},
         {"UDP is not looked into", udp("10.0.0.1", "10.0.0.9", 1).ip_length(20), Kind::not_tcp}});
}

TEST(ModelPacket, BoundsTcpByItsSegment) {
    check_frames({{"data offset below 5", syn4().data_offset(4), Kind::malformed},
                  {"data offset beyond the segment", syn6().data_offset(6), Kind::malformed},
                  {"options", syn6().tcp_options(Bytes(40)), Kind::tcp, true},
                  {"short of the header", segment6(19), Kind::malformed}});
}

TEST(ModelPacket, TakesOfFragmentsWhatIsThere) {
    check_frames(
        {{"3 bytes of TCP", segment4(3).fragment_fields(0, true), Kind::malformed},
         {"4 bytes", segment4(4).fragment_fields(0, true), Kind::tcp, true},
         {"13 bytes, flags unseen", segment6(13).fragment_fields(0, true), Kind::tcp, true},
         {"14 bytes, flags decide", tcp("10.0.0.1", "10.0.0.9", 443, "A").fragment(0, 14),
          Kind::tcp},
         {"data offset does not matter", syn4().data_offset(1).fragment_fields(0, true), Kind::tcp,
          true},
         {"a later one has no ports", syn4().fragment_fields(8, true), Kind::tcp},
         {"a later one of TCP", segment6(8).fragment_fields(8, false), Kind::tcp},
         {"a later one of UDP", udp("10.0.0.1", "10.0.0.9", 1).fragment_fields(8, true),
          Kind::not_tcp},
         {"atomic", syn6().fragment_fields(0, false), Kind::tcp, true},
         {"two fragment headers", syn6().fragment_fields(0, false).fragment_fields(0, false),
          Kind::not_tcp}});
}

TEST(ModelPacket, FollowsEightExtensionHeaders) {
    Packet eight = syn6().hop_by_hop().routing().destination_options(2).authentication();
    eight.mobility().destination_options().routing().hop_by_hop();
    Packet nine = eight;
    check_frames(
        {{"eight", eight, Kind::tcp, true},
         {"nine", nine.mobility(), Kind::not_tcp},
         {"cut", syn6().destination_options(4).ip_length(39).truncate(93), Kind::malformed},
         {"ESP", ip("2001:db8::1", "fd00::9", 50, Bytes(20)), Kind::not_tcp},
         {"no payload length", syn6().ip_length(0), Kind::not_tcp},
         {"payload length beyond the frame", syn6().ip_length(21), Kind::malformed},
         {"39 bytes", syn6().truncate(53), Kind::malformed}});
}

// What the model decides: packet rows with verdict and reason, and actions.

void act(Model &model, const ActionRow &row) {
    const auto prefix = Prefix::parse(row.address);
    switch (row.action) {
    case ActionRow::Action::unblock:
    case ActionRow::Action::erase:
        model.unblock(prefix->address);
        break;
    case ActionRow::Action::block:
        model.block(prefix->address);
        break;
    case ActionRow::Action::allow:
        model.allow(*prefix);
        break;
    case ActionRow::Action::disallow:
        model.disallow(*prefix);
        break;
    case ActionRow::Action::expire:
        model.expire();
        break;
    }
}

Model run(const DetectorOptions &options, std::string_view rows) {
    Model model{options};
    for (const TextRow &row : parse_packet_text(rows)) {
        std::visit(
            [&](const auto &one) { model.set_time(static_cast<std::uint64_t>(one.time.count())); },
            row);
        if (const auto *const action = std::get_if<ActionRow>(&row)) {
            act(model, *action);
            continue;
        }
        const auto &packet = std::get<PacketRow>(row);
        EXPECT_EQ(model.packet(packet.packet().bytes()),
                  (ModelOutcome{packet.verdict.value(), packet.reason.value()}))
            << packet.to_string();
    }
    return model;
}

TEST(Model, BlocksAtTheFourthPort) {
    const Model model = run({}, R"(
      0s  10.0.0.1 > 10.0.0.9:22  S    pass  recorded
      1s  10.0.0.1 > 10.0.0.9:0   FPU  pass  recorded   # port 0 is a port
      2s  10.0.0.1 > 10.0.0.9:22  S    pass  known
      3s  10.0.0.1 > 10.0.0.9:25  -    pass  recorded
      4s  10.0.0.1 > 10.0.0.9:80  A    pass  not_probe
      5s  10.0.0.1 > 10.0.0.9:80  S    drop  threshold
      6s  10.0.0.1 > 10.0.0.9:22  A    drop  blocked
      6s  10.0.0.2 > 10.0.0.9:22  S    pass  recorded   # another source
    )");
    ASSERT_THAT(model.events(), SizeIs(1));
    EXPECT_THAT(model.events()[0].ports, ElementsAre(22, 0, 25));
    EXPECT_EQ(model.events()[0].trigger_port, 80);
    EXPECT_EQ(model.counters().probes, 6U);
    EXPECT_EQ(model.counters().inserted, 2U);
    EXPECT_EQ(model.counters().blocks, 1U);
}

TEST(Model, StartsAfreshWhenTheWindowIsOver) {
    run({.max_ports = 1, .window = 60s}, R"(
      0s             10.0.0.1 > 10.0.0.9:1  S  pass  recorded
      59.999999999s  10.0.0.2 > 10.0.0.9:1  S  pass  recorded
      60s            10.0.0.1 > 10.0.0.9:2  S  pass  recorded
      119.999999999s 10.0.0.1 > 10.0.0.9:3  S  drop  threshold
    )");
}

TEST(Model, RefreshesAtASixtyFourthOfTheWindow) {
    const DetectorOptions options{.window = 64ms};
    EXPECT_EQ(run(options, "0s 10.0.0.1 > 10.0.0.9:1 S pass recorded\n"
                           "999us 10.0.0.1 > 10.0.0.9:1 S pass known")
                  .records()
                  .begin()
                  ->second.timestamp_ns,
              0U);
    EXPECT_EQ(run(options, "0s 10.0.0.1 > 10.0.0.9:1 S pass recorded\n"
                           "1ms 10.0.0.1 > 10.0.0.9:1 S pass known")
                  .records()
                  .begin()
                  ->second.timestamp_ns,
              1'000'000U);
}

TEST(Model, TakesANegativeAgeForNone) {
    const Model model = run({.window = 1s}, R"(
      10s  10.0.0.1 > 10.0.0.9:1  S  pass  recorded
      1s   10.0.0.1 > 10.0.0.9:1  S  pass  known
      1s   10.0.0.1 > 10.0.0.9:2  S  pass  recorded
    )");
    EXPECT_EQ(model.records().begin()->second.timestamp_ns, 10'000'000'000U);
}

TEST(Model, EndsABlockAfterItsDuration) {
    run({.max_ports = 1, .window = 1h, .block_for = 10s}, R"(
      0s            10.0.0.1 > 10.0.0.9:1  S  pass  recorded
      1s            10.0.0.1 > 10.0.0.9:2  S  drop  threshold
      10.999999999s 10.0.0.1 > 10.0.0.9:2  S  drop  blocked
      11s           10.0.0.1 > 10.0.0.9:2  A  pass  not_probe
      11s           10.0.0.1 > 10.0.0.9:3  S  pass  recorded
    )");
}

TEST(Model, DropsWhatTheScopeSays) {
    run({.max_ports = 1, .block_scope = BlockScope::probes}, R"(
      0s  10.0.0.1 > 10.0.0.9:1  S              pass  recorded
      0s  10.0.0.1 > 10.0.0.9:2  S  frag=tiny   drop  threshold
      0s  10.0.0.1 > 10.0.0.9:2  A              pass  not_probe
      0s  10.0.0.1 > 10.0.0.9:2  S  frag=later  pass  not_probe
      0s  10.0.0.1 > 10.0.0.9:1  S              drop  blocked
    )");
    for (const BlockScope scope : {BlockScope::tcp, BlockScope::all}) {
        Model model = run({.max_ports = 1, .block_scope = scope}, R"(
          0s  10.0.0.1 > 10.0.0.9:1  S              pass  recorded
          0s  10.0.0.1 > 10.0.0.9:2  S              drop  threshold
          0s  10.0.0.1 > 10.0.0.9:2  A              drop  blocked
          0s  10.0.0.1 > 10.0.0.9:2  S  frag=later  drop  blocked
        )");
        const auto other = model.packet(udp("10.0.0.1", "10.0.0.9", 53).bytes());
        EXPECT_EQ(other.reason, scope == BlockScope::all ? Reason::blocked : Reason::not_tcp);
        EXPECT_EQ(model.packet(syn4().ip_length(1).bytes()).reason, Reason::malformed);
    }
}

TEST(Model, IgnoresPortsAndWritesNothing) {
    const Model model = run({.max_ports = 1, .ignore_ports = {{80, 81}}}, R"(
      0s  10.0.0.1 > 10.0.0.9:80  S  pass  ignored
      0s  10.0.0.1 > 10.0.0.9:81  S  pass  ignored
    )");
    EXPECT_THAT(model.records(), IsEmpty());
}

TEST(Model, AsksForTheRecordedPortBeforeTheAllowlist) {
    run({.max_ports = 1}, R"(
      0s   10.0.0.1 > 10.0.0.9:1  S  pass  recorded
      0s   10.0.0.1 > 10.0.0.9:2  S  drop  threshold
      !1s  allow 10.0.0.0/24                          # lifts the block
      2s   10.0.0.1 > 10.0.0.9:1  S  pass  allowlisted
      !3s  disallow 10.0.0.0/24
      4s   10.0.0.1 > 10.0.0.9:1  S  pass  recorded
      !5s  allow 10.0.0.1
      6s   10.0.0.1 > 10.0.0.9:1  S  pass  known
      6s   10.0.0.1 > 10.0.0.9:2  S  pass  allowlisted
    )");
}

TEST(Model, TracksIpv6ByItsPrefixAndLinkLocalByAddress) {
    const Model model = run({.max_ports = 1, .block_scope = BlockScope::all}, R"(
      0s   2001:db8::1   > [fd00::9]:1  S  pass  recorded
      0s   2001:db8::2   > [fd00::9]:2  S  drop  threshold
      0s   2001:db8:0:1::1 > [fd00::9]:2 S pass  recorded
      !1s  allow 2001:db8::3
      2s   2001:db8::3   > [fd00::9]:9  A  pass  allowlisted  # of a blocked prefix
      2s   2001:db8::4   > [fd00::9]:9  A  drop  blocked
      2s   fe80::1       > [fd00::9]:1  S  pass  recorded
      2s   fe80::2       > [fd00::9]:2  S  pass  recorded
    )");
    EXPECT_THAT(model.records(), SizeIs(4));
}

TEST(Model, RefusesBlocksBeyondTheBound) {
    const DetectorOptions options{.max_ports = 1, .block_for = 10s, .max_blocked = 1};
    const Model model = run(options, R"(
      0s    10.0.0.1 > 10.0.0.9:1  S  pass  recorded
      0s    10.0.0.1 > 10.0.0.9:2  S  drop  threshold
      1s    10.0.0.2 > 10.0.0.9:1  S  pass  recorded
      2s    10.0.0.2 > 10.0.0.9:2  S  drop  block_refused
      2s    10.0.0.2 > 10.0.0.9:3  S  drop  block_refused
      2s    10.0.0.2 > 10.0.0.9:1  S  pass  known
      2s    2001:db8::1 > [fd00::9]:1  S  pass  recorded   # a bound of its own
      2s    2001:db8::1 > [fd00::9]:2  S  drop  threshold
      10s   10.0.0.2 > 10.0.0.9:2  S  drop  block_refused   # over, but not yet taken out
      !10s  expire
      10s   10.0.0.2 > 10.0.0.9:2  S  drop  threshold
    )");
    EXPECT_EQ(model.counters().registry_size, 2U);
}

TEST(Model, DecidesInADryRunAndPassesEverything) {
    const Model model = run({.max_ports = 1, .dry_run = true}, R"(
      0s  10.0.0.1 > 10.0.0.9:1  S  pass  recorded
      0s  10.0.0.1 > 10.0.0.9:2  S  pass  threshold
      0s  10.0.0.1 > 10.0.0.9:2  S  pass  blocked
    )");
    EXPECT_EQ(model.counters().would_drop, 2U);
    EXPECT_TRUE(model.records().begin()->second.dry_run);
}

TEST(Model, ExpiresRecordsAfterTwiceTheWindowAndBlocksThatAreOver) {
    Model model = run({.max_ports = 1, .window = 10s, .block_for = 25s}, R"(
      0s  10.0.0.1 > 10.0.0.9:1  S  pass  recorded
      1s  10.0.0.2 > 10.0.0.9:1  S  pass  recorded
      1s  10.0.0.2 > 10.0.0.9:2  S  drop  threshold
    )");
    model.set_time(19'999'999'999);
    EXPECT_EQ(model.expire(), (ModelExpiry{.sources_left = 2, .blocks_left = 1}));
    model.set_time(20'000'000'000);
    EXPECT_EQ(model.expire(),
              (ModelExpiry{.sources_freed = 1, .sources_left = 1, .blocks_left = 1}));
    model.set_time(26'000'000'000);
    EXPECT_EQ(model.expire(), (ModelExpiry{.blocks_freed = 1}));
}

TEST(Model, BlocksByHandUnlessThatIsRefused) {
    Model model{{.block_for = 10s, .max_blocked = 1}};
    const auto address = [](const char *text) { return Address::parse(text).value(); };
    model.allow(Prefix::parse("10.1.0.0/16").value());
    EXPECT_EQ(model.block(address("10.1.2.3")), ModelBlock::allowlisted);
    EXPECT_EQ(model.block(address("10.0.0.1")), ModelBlock::blocked);
    EXPECT_EQ(model.block(address("10.0.0.1")), ModelBlock::already_blocked);
    EXPECT_EQ(model.block(address("10.0.0.2")), ModelBlock::bound_reached);
    model.set_time(10'000'000'000);
    EXPECT_EQ(model.block(address("10.0.0.1")), ModelBlock::blocked) << "it was over";
    EXPECT_TRUE(model.unblock(address("10.0.0.1")));
    EXPECT_FALSE(model.unblock(address("10.0.0.1")));
}

} // namespace
} // namespace portscan
