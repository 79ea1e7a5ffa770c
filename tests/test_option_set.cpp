// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/option_set.h"

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace portscan {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

DetectorOptions options_of(std::string_view text) {
    DetectorOptions options;
    parse_option_set("a", text).apply(options);
    return options;
}

std::string error_of(std::string_view text) {
    try {
        parse_option_set("b", text);
    } catch (const OptionError &error) {
        return error.what();
    }
    return "no error";
}

TEST(OptionSet, HasOptionsByName) {
    const DetectorOptions options = options_of("max-ports=5,window=30s,block-scope=all");
    EXPECT_EQ(options.max_ports, 5);
    EXPECT_EQ(options.window, 30s);
    EXPECT_EQ(options.block_scope, BlockScope::all);
}

TEST(OptionSet, ListsGoOnBehindACommaAndSwitchesNeedNoValue) {
    const DetectorOptions options = options_of(
        "ignore-ports=80,443,8000-8100,dry-run,allow=10.0.0.0/8,2001:db8::1,max-ports=2");
    EXPECT_EQ(options.ignore_ports, (std::vector<PortRange>{{80, 80}, {443, 443}, {8000, 8100}}));
    EXPECT_TRUE(options.dry_run);
    EXPECT_EQ(options.allow.size(), 2);
    EXPECT_EQ(options.max_ports, 2);
    EXPECT_FALSE(options_of("dry-run=false").dry_run);
}

TEST(OptionSet, ErrorsNameTheSideAndThePiece) {
    for (const char *const text :
         {"", ",", "max-prots=5", "max-ports=5,6", "80", "dry-run,80", "max-ports=5,"})
        EXPECT_THAT(error_of(text), StartsWith("b: no option '")) << text;
    EXPECT_THAT(error_of("max-prots=5"), StartsWith("b: no option 'max-prots': write options as"));
    for (const char *const text : {"max-ports", "ignore-ports=80,max-ports"})
        EXPECT_THAT(error_of(text), StartsWith("b: 'max-ports' needs a value")) << text;
    EXPECT_THAT(error_of("max-ports=17"), StartsWith("b: max-ports: '17'"));
    EXPECT_THAT(error_of("ignore-ports=80,,443"), StartsWith("b: ignore-ports: "));
}

} // namespace
} // namespace portscan
