// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/loader_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace portscan::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Json = nlohmann::json;

class LoaderAdoption : public LoaderTest {};

TEST_F(LoaderAdoption, MapsOfTheSameShapeAreUsedAsTheyAre) {
    ASSERT_EQ(host.load().status, 0);
    host.probe(scanner, {1, 2, 3, 4});
    host.probe("10.0.0.2", {1, 2});
    const auto again = host.load({"--window", "2m"});
    ASSERT_EQ(again.status, 0) << again.errors;
    EXPECT_THAT(again.output, testing::Not(HasSubstr("moved to new maps")));
    EXPECT_THAT(host.probe("10.0.0.2", {3, 4}), ElementsAre(3)) << "ports are known still";
    EXPECT_THAT(host.probe(scanner, {1}), IsEmpty());
    EXPECT_EQ(json({"status"})["counters"]["blocks"], 2) << "counters go on";
    EXPECT_EQ(json({"status"})["options"]["window"], "2m");
}

TEST_F(LoaderAdoption, SaysWhatIsFilteredAlreadyAndWhatWasRemoved) {
    ASSERT_EQ(host.load().status, 0);
    EXPECT_THAT(host.load().output, HasSubstr("inside is filtered already"));
    ASSERT_EQ(host.command({"block", scanner}).status, 0);
    ASSERT_TRUE(std::filesystem::remove(host.pin_dir() + "/pscan_ip_reg"));
    const auto again = host.load();
    ASSERT_EQ(again.status, 0) << again.errors;
    EXPECT_THAT(again.output,
                HasSubstr("pscan_ip_reg was not pinned any more: its blocks and sources are lost"));
    EXPECT_THAT(again.output, testing::Not(HasSubstr("pscan_ip6_reg was not")));
    EXPECT_FALSE(is_blocked(scanner));
}

TEST_F(LoaderAdoption, OtherSizesKeepBlocksAndWhatThereIsRoomFor) {
    ASSERT_EQ(host.load().status, 0);
    host.probe(scanner, {1, 2, 3, 4});
    for (int i = 10; i < 20; ++i) host.probe("10.0.1." + std::to_string(i), {7});
    const auto smaller = host.load({"--max-sources", "10"});
    ASSERT_EQ(smaller.status, 0) << smaller.errors;
    EXPECT_THAT(smaller.output, HasSubstr("1 blocks and 5 sources kept, 5 sources lost"));
    EXPECT_TRUE(is_blocked(scanner));
    EXPECT_THAT(host.probe(scanner, {1}), IsEmpty());
    EXPECT_THAT(host.probe("10.0.1.19", {1, 2, 3}), ElementsAre(1, 2)) << "its port is known";
    EXPECT_EQ(json({"status"})["blocked"], 2);
}

TEST_F(LoaderAdoption, MorePortsThanARecordHoldsIsAnotherShape) {
    ASSERT_EQ(host.load({"--max-ports", "5"}).status, 0);
    host.probe(scanner, {1, 2, 3, 4, 5, 6});
    EXPECT_EQ(json({"list", scanner})[0]["ports"], Json({1, 2, 3, 4, 5}));
    ASSERT_EQ(host.load({"--max-ports", "6"}).status, 0);
    EXPECT_EQ(json({"list", scanner})[0]["ports"], Json({1, 2, 3, 4, 5}));
    ASSERT_EQ(host.load({"--max-ports", "3"}).status, 0);
    EXPECT_EQ(json({"list", scanner})[0]["ports"], Json({1, 2, 3}));
    EXPECT_THAT(host.probe(scanner, {1}), IsEmpty());
    ASSERT_EQ(host.load({"--max-ports", "16"}).status, 0);
    EXPECT_TRUE(is_blocked(scanner));
}

TEST_F(LoaderAdoption, ABoundBelowThePresentBlocksIsRefused) {
    ASSERT_EQ(host.load().status, 0);
    ASSERT_EQ(host.command({"block", "10.0.0.1", "10.0.0.2", "10.0.0.3"}).status, 0);
    const auto refused = host.load({"--max-blocked", "2"});
    EXPECT_EQ(refused.status, 1);
    EXPECT_THAT(refused.errors, AllOf(HasSubstr("3 IPv4 sources"), HasSubstr("max-blocked = 2")));
    EXPECT_THAT(host.probe("10.0.0.3", {1}), IsEmpty()) << "the filter is as it was";
    EXPECT_EQ(json({"status"})["options"]["max-blocked"], "50");
    EXPECT_EQ(host.load({"--max-blocked", "3"}).status, 0);
    EXPECT_TRUE(is_blocked("10.0.0.3"));
}

TEST_F(LoaderAdoption, AnotherIpv6PrefixForgetsIpv6Alone) {
    ASSERT_EQ(host.load().status, 0);
    host.probe("2001:db8::1", {1, 2, 3, 4});
    host.probe("2001:db8:0:1::1", {1});
    host.probe(scanner, {1, 2, 3, 4});
    const auto changed = host.load({"--ipv6-prefix", "56"});
    ASSERT_EQ(changed.status, 0);
    EXPECT_THAT(changed.output, HasSubstr("forgot 1 IPv6 blocks and 1 IPv6 sources"));
    EXPECT_FALSE(is_blocked("2001:db8::1"));
    EXPECT_TRUE(is_blocked(scanner));
    EXPECT_EQ(json({"status"})["blocked6"], 0);
    host.probe("2001:db8::1", {1, 2, 3, 4});
    EXPECT_TRUE(is_blocked("2001:db8:0:ff::1")) << "within the same /56";
}

TEST_F(LoaderAdoption, BlocksOfADryRunNeverTakeForce) {
    ASSERT_EQ(host.load({"--dry-run"}).status, 0);
    EXPECT_THAT(host.probe(scanner, {1, 2, 3, 4}), ElementsAre(1, 2, 3, 4));
    ASSERT_EQ(host.command({"block", "10.0.0.7"}).status, 0);
    ASSERT_EQ(host.load({"--dry-run"}).status, 0);
    EXPECT_TRUE(is_blocked(scanner)) << "in a dry run they stay";
    const auto real = host.load();
    ASSERT_EQ(real.status, 0);
    EXPECT_THAT(real.output, HasSubstr("dropped 1 blocks that were decided in a dry run"));
    EXPECT_FALSE(is_blocked(scanner));
    EXPECT_TRUE(is_blocked("10.0.0.7")) << "by hand";
    EXPECT_THAT(host.probe(scanner, {1, 2, 3, 4}), ElementsAre(1, 2, 3));
}

TEST_F(LoaderAdoption, ConfigurationLiftsBlocksThatItAllows) {
    ASSERT_EQ(host.load().status, 0);
    host.probe(scanner, {1, 2, 3, 4});
    ASSERT_EQ(host.load({"--allow", "10.0.0.0/24"}).status, 0);
    EXPECT_FALSE(is_blocked(scanner));
    EXPECT_THAT(host.probe(scanner, {1, 2, 3, 4, 5}), ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(LoaderAdoption, AnAllowlistedAddressInABlockedPrefixPassesAfterMigration) {
    ASSERT_EQ(host.load({"--ipv6-prefix", "48"}).status, 0);
    ASSERT_EQ(host.command({"allow", "add", "2001:db8::5"}).status, 0);
    ASSERT_EQ(host.load({"--ipv6-prefix", "64"}).status, 0);
    host.probe("2001:db8::1", {1, 2, 3, 4});
    EXPECT_THAT(host.probe("2001:db8::1", {1}), IsEmpty());
    EXPECT_THAT(host.probe("2001:db8::5", {1, 2, 3, 4}), ElementsAre(1, 2, 3, 4));
}

TEST_F(LoaderAdoption, ARefusedInterfaceLeavesTheStateAsItWas) {
    ASSERT_EQ(host.load().status, 0);
    host.probe(scanner, {1, 2, 3, 4});
    const auto refused = host.load({"nosuch0", "--max-sources", "50"});
    EXPECT_EQ(refused.status, 1);
    EXPECT_EQ(json({"status"})["options"]["max-sources"], "100");
    EXPECT_THAT(host.probe(scanner, {1}), IsEmpty());
}

TEST_F(LoaderAdoption, AMissingMapIsMadeAnew) {
    ASSERT_EQ(host.load().status, 0);
    host.probe(scanner, {1, 2, 3, 4});
    std::filesystem::remove(host.pin_dir() + "/pscan_queue");
    std::filesystem::remove(host.pin_dir() + "/pscan_events");
    EXPECT_EQ(host.command({"list"}).status, 1) << "says that it is damaged";
    const auto mended = host.load();
    ASSERT_EQ(mended.status, 0) << mended.errors;
    EXPECT_TRUE(is_blocked(scanner));
    EXPECT_THAT(host.probe(scanner, {1}), IsEmpty());
}

} // namespace
} // namespace portscan::test
