// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/sweep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace portscan {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Property;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;

std::vector<std::string> values(const char *option, const char *text) {
    return parse_sweep_values(*find_option(option), text);
}

auto refuses(const char *words) {
    return ThrowsMessage<OptionError>(HasSubstr(words));
}

/// `max-ports`: 2,3 and so on.
SweepRequest request(std::vector<std::pair<const char *, const char *>> swept,
                     std::vector<std::string> also = {}) {
    SweepRequest wanted{.also = std::move(also)};
    for (const auto &[option, text] : swept)
        wanted.swept.emplace_back(option, values(option, text));
    return wanted;
}

std::vector<std::string> names(const SweepRequest &wanted) {
    std::vector<std::string> found;
    for (const SweepSetting &one : settings_of(wanted)) found.push_back(one.name());
    return found;
}

TEST(Sweep, ValuesAreListsAndRanges) {
    EXPECT_THAT(values("max-ports", "3"), ElementsAre("3"));
    EXPECT_THAT(values("max-ports", "2..4,8,3"), ElementsAre("2", "3", "4", "8"));
    EXPECT_THAT(values("window", "10s,1m,60s,default"), ElementsAre("10s", "1m", "default"));
    EXPECT_THAT(values("block-scope", "tcp,all"), ElementsAre("tcp", "all"));
    EXPECT_THAT(values("max-sources", "4..4"), ElementsAre("4"));
}

TEST(Sweep, BadValuesAreRefused) {
    EXPECT_THAT([] { values("max-ports", "0..3"); }, refuses("max-ports: '0'"));
    EXPECT_THAT([] { values("max-ports", "2..99"); }, refuses("from 1 to 16, in '2..99'"));
    EXPECT_THAT([] { values("max-ports", "4..3"); }, refuses("'4..3' is no range"));
    EXPECT_THAT([] { values("max-ports", "3.."); }, refuses("'3..' is no range"));
    EXPECT_THAT([] { values("max-ports", ".."); }, refuses("is no range"));
    EXPECT_THAT([] { values("max-ports", "2..-1"); }, refuses("is no range"));
    EXPECT_THAT([] { values("max-ports", "1..2..3"); }, refuses("is no range"));
    EXPECT_THAT([] { values("max-sources", "2..4000000000"); }, refuses("is no range"));
    EXPECT_THAT([] { values("max-ports", "2,,3"); }, refuses("max-ports: ''"));
    EXPECT_THAT([] { values("max-ports", ""); }, refuses("max-ports: ''"));
    EXPECT_THAT([] { values("max-ports", "2,x"); }, refuses("max-ports: 'x'"));
    EXPECT_THAT([] { values("window", "10s..20s"); }, refuses("ranges are for numbers"));
    EXPECT_THAT([] { values("window", "10"); }, refuses("window: '10'"));
    EXPECT_THAT([] { values("block-scope", "udp"); }, refuses("block-scope: 'udp'"));
}

TEST(Sweep, ListsAndSwitchesAreNotSwept) {
    for (const char *name : {"ignore-ports", "allow", "allow-file", "dry-run"})
        EXPECT_FALSE(can_be_swept(*find_option(name))) << name;
    for (const char *name : {"max-ports", "window", "block-for", "ipv6-prefix", "max-blocked"})
        EXPECT_TRUE(can_be_swept(*find_option(name))) << name;
}

TEST(Sweep, EveryCombinationIsTried) {
    EXPECT_THAT(names(request({{"max-ports", "2,3"}, {"window", "10s,1m"}})),
                ElementsAre("max-ports=2,window=10s", "max-ports=2,window=1m",
                            "max-ports=3,window=10s", "max-ports=3,window=1m"));
}

TEST(Sweep, MaxPortsAndWindowAreSweptUnlessTheyAreGiven) {
    EXPECT_THAT(settings_of({}), SizeIs(45));
    EXPECT_THAT(settings_of(request({{"max-ports", "3"}})), SizeIs(5));
    EXPECT_THAT(settings_of(request({{"window", "1m"}})), SizeIs(9));
    EXPECT_THAT(settings_of(request({{"max-ports", "3"}, {"window", "1m"}})), SizeIs(1));
}

TEST(Sweep, NamesSayWhatIsSweptOrNotDefault) {
    EXPECT_THAT(names(request({{"max-ports", "3"}, {"window", "60s"}})),
                ElementsAre("default options"));
    EXPECT_THAT(names(request({{"max-ports", "5"}, {"window", "60s"}})),
                ElementsAre("max-ports=5"));
    SweepRequest wanted = request({{"max-ports", "3"}, {"window", "60s"}});
    wanted.fixed.values.emplace_back("ignore-ports", "80,443");
    wanted.swept.emplace_back("block-for", values("block-for", "default,10m"));
    EXPECT_THAT(names(wanted),
                ElementsAre("ignore-ports=80,443", "block-for=10m,ignore-ports=80,443"));
    EXPECT_EQ(settings_of(wanted).at(0).flags(), "--ignore-ports 80,443");
    EXPECT_EQ(settings_of(wanted).at(1).flags(), "--block-for 10m --ignore-ports 80,443");
}

TEST(Sweep, OneMoreSettingStandsOverWhatHasASingleValue) {
    const auto settings =
        settings_of(request({{"max-ports", "3,4"}, {"window", "30s"}}, {"ignore-ports=21,80"}));
    ASSERT_THAT(settings, SizeIs(3));
    EXPECT_EQ(settings[2].options.max_ports, 3);
    EXPECT_EQ(settings[2].options.window, std::chrono::seconds{30});
    EXPECT_EQ(settings[2].name(), "max-ports=3,window=30s,ignore-ports=21,80");
}

TEST(Sweep, NoSettingIsTriedTwice) {
    EXPECT_THAT(settings_of(request({{"max-ports", "3,4"}, {"window", "60s"}},
                                    {"max-ports=4", "max-ports=5", "max-ports=5"})),
                SizeIs(3));
}

TEST(Sweep, SettingsThatCannotBeAreRefused) {
    EXPECT_THAT(
        [] {
            settings_of(request({{"max-sources", "2,8"}, {"max-blocked", "4"}}));
        },
        refuses("max-blocked"));
    EXPECT_THAT([] { settings_of(request({}, {"dry-run"})); }, refuses("dry-run"));
    EXPECT_THAT([] { settings_of(request({}, {"max-prots=3"})); },
                refuses("also: no option 'max-prots'"));
    EXPECT_THAT(
        [] {
            settings_of(request({{"max-ports", "1..16"}, {"ipv6-prefix", "32..128"}}));
        },
        refuses("more than 1000 settings"));
}

} // namespace
} // namespace portscan
