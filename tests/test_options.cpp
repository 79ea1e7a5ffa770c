// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/options.h"

#include "tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace portscan {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

DetectorOptions with(std::string name, std::string value) {
    DetectorOptions options;
    OptionOverrides{{{std::move(name), std::move(value)}}}.apply(options);
    return options;
}

/// The message of the refusal; empty if the value was taken.
std::string refusal(const std::string &name, const std::string &value) {
    try {
        validate(with(name, value));
    } catch (const OptionError &error) {
        return error.what();
    }
    return {};
}

ByteView bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t *>(text.data()), text.size()};
}

TEST(Options, DefaultsAreThoseOfTheSpecification) {
    const DetectorOptions options;
    EXPECT_EQ(options.max_ports, 3u);
    EXPECT_EQ(options.window, 60s);
    EXPECT_FALSE(options.block_for);
    EXPECT_EQ(options.block_scope, BlockScope::tcp);
    EXPECT_EQ(options.ipv6_prefix, 64u);
    EXPECT_EQ(options.blocked_limit(), 500'000u);
    EXPECT_EQ(options.blocked_limit6(), 125'000u);
    EXPECT_NO_THROW(validate(options));
}

TEST(Options, EveryOptionIsThereOnceByItsName) {
    std::vector<std::string_view> names;
    for (const OptionSpec &spec : option_specs()) names.push_back(spec.name);
    EXPECT_THAT(names,
                ElementsAre("max-ports", "window", "block-for", "block-scope", "ignore-ports",
                            "allow", "allow-file", "ipv6-prefix", "max-sources", "max-sources6",
                            "max-blocked", "max-blocked6", "dry-run", "expire-interval"));
    EXPECT_EQ(find_option("max-port"), nullptr);
}

TEST(Options, ValuesAreRead) {
    EXPECT_EQ(with("max-ports", "16").max_ports, 16u);
    EXPECT_EQ(with("window", "1.5s").window, 1500ms);
    EXPECT_EQ(with("block-for", "1h").block_for, 1h);
    EXPECT_EQ(with("block-scope", "probes").block_scope, BlockScope::probes);
    EXPECT_THAT(with("ignore-ports", "80, 443,8000-8100").ignore_ports,
                ElementsAre(PortRange{80, 80}, PortRange{443, 443}, PortRange{8000, 8100}));
    EXPECT_THAT(with("allow", "10.0.0.7/8,2001:db8::1").allow,
                ElementsAre(*Prefix::parse("10.0.0.0/8"), *Prefix::parse("2001:db8::1/128")));
    EXPECT_EQ(with("ipv6-prefix", "128").ipv6_prefix, 128u);
    EXPECT_EQ(with("max-sources", "2").max_sources, 2u);
    EXPECT_EQ(with("max-sources6", "4294967295").max_sources6, 4294967295u);
    EXPECT_EQ(with("max-blocked", "500000").blocked_limit(), 500'000u);
    EXPECT_EQ(with("max-blocked6", "1").blocked_limit6(), 1u);
    EXPECT_TRUE(with("dry-run", "true").dry_run);
    EXPECT_EQ(with("expire-interval", "250ms").expire_interval, 250ms);
}

TEST(Options, TextOfAValueReadsBackToTheSameValue) {
    DetectorOptions options;
    options.max_ports = 7;
    options.window = 1234567ns;
    options.block_for = 36h;
    options.block_scope = BlockScope::all;
    options.ignore_ports = {{0, 0}, {8000, 65535}};
    options.allow = {*Prefix::parse("0.0.0.0/0"), *Prefix::parse("fe80::1")};
    options.max_blocked = 9;
    options.max_blocked6 = 10;
    options.dry_run = true;

    OptionOverrides overrides;
    for (const OptionSpec &spec : option_specs()) {
        const std::string text = spec.get(options);
        if (!text.empty()) overrides.values.emplace_back(spec.name, text);
    }
    DetectorOptions copy;
    overrides.apply(copy);
    EXPECT_EQ(copy, options);
}

TEST(Options, RefusalIsOneLineWithOptionValueAndRange) {
    EXPECT_EQ(refusal("max-ports", "17"), "max-ports: '17' is not a whole number from 1 to 16");
    EXPECT_EQ(refusal("ipv6-prefix", "31"),
              "ipv6-prefix: '31' is not a whole number from 32 to 128");
    EXPECT_EQ(refusal("block-scope", "udp"), "block-scope: 'udp' is not one of tcp, probes, all");
    EXPECT_EQ(refusal("dry-run", "yes"), "dry-run: 'yes' is not one of true, false");
    EXPECT_THAT(refusal("window", "60"), AllOf(HasSubstr("window: '60'"), HasSubstr("unit")));
    EXPECT_THAT(refusal("allow", "10.0.0.0/33"), HasSubstr("allow: '10.0.0.0/33'"));
    EXPECT_EQ(refusal("max-port", "3"), "max-port: no such option");
}

TEST(Options, ValuesOutOfRangeAreRefused) {
    for (const char *value : {"0", "17", "-1", "+3", "3.0", "", "3x", "99999999999999999999"}) {
        EXPECT_NE(refusal("max-ports", value), "") << value;
    }
    for (const char *value : {"65536", "80,,443", "80,", "9-5", "1-", "-1", "a", "1-2-3"}) {
        EXPECT_NE(refusal("ignore-ports", value), "") << value;
    }
    for (const char *value : {"0s", "-1s", "", "9999999d"}) {
        EXPECT_NE(refusal("window", value), "") << value;
        EXPECT_NE(refusal("block-for", value), "") << value;
        EXPECT_NE(refusal("expire-interval", value), "") << value;
    }
    EXPECT_NE(refusal("max-sources", "1"), "");
    EXPECT_NE(refusal("max-sources6", "4294967296"), "");
    EXPECT_NE(refusal("max-blocked", "0"), "");
}

TEST(Options, EmptyListClearsAList) {
    DetectorOptions options = with("ignore-ports", "80");
    OptionOverrides{{{"ignore-ports", ""}}}.apply(options);
    EXPECT_TRUE(options.ignore_ports.empty());
}

TEST(Options, BoundOnBlocksIsHalfTheSources) {
    DetectorOptions options{.max_sources = 10, .max_blocked = 5};
    EXPECT_NO_THROW(validate(options));
    options.max_blocked = 6;
    EXPECT_THROW(validate(options), OptionError);
    EXPECT_EQ(
        refusal("max-blocked6", "125001"),
        "max-blocked6: '125001' is not a whole number from 1 to 125000, half of max-sources6");
}

TEST(Options, ValidateChecksValuesSetByHand) {
    EXPECT_THROW(validate({.max_ports = 17}), OptionError);
    EXPECT_THROW(validate({.window = 0s}), OptionError);
    EXPECT_THROW(validate({.block_for = -1s}), OptionError);
    EXPECT_THROW(validate({.ignore_ports = {{2, 1}}}), OptionError);
    EXPECT_THROW(validate({.max_sources = 1}), OptionError);
}

TEST(OptionOverrides, LaterLayersWin) {
    DetectorOptions options;
    OptionOverrides{{{"max-ports", "5"}, {"allow", "10.0.0.1"}}}.apply(options);
    OptionOverrides{{{"allow", "10.0.0.2"}}}.apply(options);
    EXPECT_EQ(options.max_ports, 5u);
    EXPECT_THAT(options.allow, ElementsAre(*Prefix::parse("10.0.0.2")));
}

TEST(AllowFile, AddsToAllowInWhateverOrderTheyAreGiven) {
    const test::TemporaryDirectory directory;
    const std::string file = directory.write(
        "allow", bytes("# ours\n10.1.0.0/16\n\n  2001:db8::/32  # lab\r\n10.9.9.9"));
    DetectorOptions options;
    OptionOverrides{{{"allow-file", file}, {"allow", "10.0.0.1"}}}.apply(options);
    EXPECT_THAT(options.allow,
                ElementsAre(*Prefix::parse("10.0.0.1"), *Prefix::parse("10.1.0.0/16"),
                            *Prefix::parse("2001:db8::/32"), *Prefix::parse("10.9.9.9")));
}

TEST(AllowFile, NamesFileAndLineOfABadEntry) {
    const test::TemporaryDirectory directory;
    const std::string file = directory.write("allow", bytes("10.1.0.0/16\nexample.org\n"));
    EXPECT_THAT(refusal("allow-file", file),
                AllOf(HasSubstr(file + ":2: 'example.org'"), Not(HasSubstr("\n"))));
}

TEST(AllowFile, RefusesWhatCannotBeRead) {
    EXPECT_THAT(refusal("allow-file", "/nonexistent"), HasSubstr("cannot be read"));
    EXPECT_THAT(refusal("allow-file", "/"), HasSubstr("cannot be read"));
}

TEST(AllowFile, TakesALineWhole) {
    const test::TemporaryDirectory directory;
    const std::string file = directory.write("allow", bytes(std::string{"10.0.0.1\0 x", 11}));
    EXPECT_THAT(refusal("allow-file", file), HasSubstr(":1: '10.0.0.1"));
}

TEST(Options, Ipv4InIpv6ClothesIsRefused) {
    EXPECT_THAT(refusal("allow", "::ffff:10.0.0.1"), HasSubstr("is 10.0.0.1 to the detector"));
    EXPECT_THAT(refusal("allow", "::ffff:10.0.0.0/104"), HasSubstr("is 10.0.0.0/8"));
    EXPECT_THAT(with("allow", "::/0,::ffff:0:0/95,::1:10.0.0.1").allow, testing::SizeIs(3));
}

TEST(AllowFile, RefusesWhatHasNoLines) {
    EXPECT_THAT(refusal("allow-file", "/dev/zero"), HasSubstr("/dev/zero:1: longer than 1000"));
}

TEST(AllowFile, TakesLinesOfEveryKind) {
    const test::TemporaryDirectory directory;
    const auto entries = [&](const std::string &text) {
        return with("allow-file", directory.write("allow", bytes(text))).allow.size();
    };
    EXPECT_EQ(entries("10.0.0.1\r\n\n# none\n10.0.0.2 # two"), 2U);
    EXPECT_EQ(entries("10.0.0.1" + std::string(992, ' ') + "\n10.0.0.2"), 2U);
    EXPECT_EQ(entries("10.0.0.2\n10.0.0.1" + std::string(992, ' ')), 2U);
    const std::string zero{"10.0.0.1\n10.0.0.2\0 10.0.0.3\n", 27};
    EXPECT_THAT(refusal("allow-file", directory.write("allow", bytes(zero))), HasSubstr(":2: "));
}

TEST(AllowFile, MayBeEmpty) {
    EXPECT_TRUE(with("allow-file", "/dev/null").allow.empty());
}

TEST(Duration, ReadsEveryUnitAndExactFractions) {
    EXPECT_EQ(parse_duration("7ns"), 7ns);
    EXPECT_EQ(parse_duration("7us"), 7us);
    EXPECT_EQ(parse_duration("500ms"), 500ms);
    EXPECT_EQ(parse_duration("60s"), 60s);
    EXPECT_EQ(parse_duration("10m"), 10min);
    EXPECT_EQ(parse_duration("4h"), 4h);
    EXPECT_EQ(parse_duration("1d"), 24h);
    EXPECT_EQ(parse_duration("1.5s"), 1500ms);
    EXPECT_EQ(parse_duration("0.25d"), 6h);
    EXPECT_EQ(parse_duration("0.000000001s"), 1ns);
    EXPECT_EQ(parse_duration("1.0ns"), 1ns);
    EXPECT_EQ(parse_duration("0s"), 0ns);
    EXPECT_EQ(parse_duration("106751d"), 106751 * 24h);
}

TEST(Duration, RefusesWhatIsNotOne) {
    for (const char *text :
         {"", "60", "s", ".5s", "1.s", "1.5ns", "0.0000000001s", "-1s", "+1s", "1 s", " 1s", "1S",
          "1sec", "1w", "106752d", "99999999999999999999ns", "1,5s", "1e3s", "0x1s"}) {
        EXPECT_FALSE(parse_duration(text)) << text;
    }
}

TEST(Duration, TextIsShortAndExact) {
    EXPECT_EQ(format_duration(0ns), "0s");
    EXPECT_EQ(format_duration(1ns), "1ns");
    EXPECT_EQ(format_duration(500ms), "500ms");
    EXPECT_EQ(format_duration(1500ms), "1.5s");
    EXPECT_EQ(format_duration(60s), "1m");
    EXPECT_EQ(format_duration(90s), "90s");
    EXPECT_EQ(format_duration(24h), "1d");
    EXPECT_EQ(format_duration(36h), "36h");
    EXPECT_EQ(format_duration(999999999ns), "999999999ns");
    for (const auto value : {1ns, 1234567891011ns, 61000000001ns, 86400000000001ns}) {
        EXPECT_EQ(parse_duration(format_duration(value)), value) << format_duration(value);
    }
}

} // namespace
} // namespace portscan
