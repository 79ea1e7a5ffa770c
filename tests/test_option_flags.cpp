// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/option_flags.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace portscan {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

OptionOverrides parse(std::vector<std::string> arguments) {
    OptionOverrides given;
    std::vector<std::string> files;
    CLI::App app;
    app.add_option("files", files);
    add_detection_options(app, given);
    std::reverse(arguments.begin(), arguments.end()); // as CLI11 wants them
    app.parse(arguments);
    return given;
}

TEST(OptionFlags, RemembersWhatIsGivenAndNothingElse) {
    EXPECT_TRUE(parse({}).values.empty());
    EXPECT_THAT(parse({"--max-ports", "2", "--window=5s"}).values,
                ElementsAre(Pair("max-ports", "2"), Pair("window", "5s")));
}

TEST(OptionFlags, ListsThatRepeatAreJoinedAndOfOthersTheLastCounts) {
    EXPECT_THAT(parse({"--allow", "10.0.0.1", "--allow", "10.0.0.2,10.0.0.3"}).values,
                ElementsAre(Pair("allow", "10.0.0.1,10.0.0.2,10.0.0.3")));
    EXPECT_THAT(parse({"--ignore-ports", "80", "--ignore-ports", "443"}).values,
                ElementsAre(Pair("ignore-ports", "80,443")));
    EXPECT_THAT(parse({"--max-ports", "2", "--max-ports", "4"}).values,
                ElementsAre(Pair("max-ports", "4")));
    EXPECT_THAT(parse({"--allow-file", "/dev/null", "--allow-file", "/dev/null"}).values,
                ElementsAre(Pair("allow-file", "/dev/null"), Pair("allow-file", "/dev/null")));
}

TEST(OptionFlags, OptionsDoNotSwallowTheFilesBehindThem) {
    EXPECT_THAT(parse({"--allow", "10.0.0.1", "a.pcap", "--dry-run", "b.pcap"}).values,
                ElementsAre(Pair("allow", "10.0.0.1"), Pair("dry-run", "true")));
    EXPECT_THAT(parse({"--allow-file", "/dev/null", "a.pcap"}).values,
                ElementsAre(Pair("allow-file", "/dev/null")));
}

TEST(OptionFlags, DryRunCanBeTurnedOff) {
    EXPECT_THAT(parse({"--dry-run=false"}).values, ElementsAre(Pair("dry-run", "false")));
}

std::string refusal_of_switch(std::vector<std::string> arguments) {
    OptionOverrides given;
    bool json = false;
    std::string file;
    CLI::App app;
    CLI::App *const command = app.add_subcommand("list");
    add_detection_options(*command, given);
    command->add_flag("--json", json);
    command->add_flag("--report{-}", file);
    std::vector<char *> pointers;
    pointers.reserve(arguments.size());
    for (std::string &argument : arguments) pointers.push_back(argument.data());
    try {
        refuse_unclear_switches(app, pointers);
    } catch (const OptionError &error) {
        return error.what();
    }
    return "";
}

TEST(OptionFlags, SwitchIsTrueOrFalse) {
    for (const char *value : {"true", "false", "yes", "no", "on", "off", "1", "0"})
        EXPECT_EQ(refusal_of_switch({"list", "--dry-run=" + std::string{value}}), "");
    for (const std::string value : {"0x", "0yes", "-5", "maybe", "9", " ", "99999999999999999999"})
        EXPECT_EQ(refusal_of_switch({"list", "--dry-run=" + value}),
                  "--dry-run: '" + value + "' is not one of true, false");
    EXPECT_EQ(refusal_of_switch({"list", "--json=x"}), "--json: 'x' is not one of true, false");
    EXPECT_EQ(
        refusal_of_switch({"list", "--report=x", "--window=x", "--other=x", "--", "--json=x"}), "");
}

TEST(OptionFlags, ValueOutOfRangeIsRefusedWhileParsing) {
    EXPECT_THROW(parse({"--max-ports", "17"}), OptionError);
    EXPECT_THROW(parse({"--window", "60"}), OptionError);
}

} // namespace
} // namespace portscan
