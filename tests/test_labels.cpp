// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/labels.h"

#include "sim/scenario.h"
#include "tests/temporary_directory.h"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace portscan {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string header = "capture,filter,scanners\n";

std::vector<LabelledCapture> rows_of(const std::string &lines, const std::string &path = "l.csv") {
    return parse_labels({path, header + lines});
}

std::vector<std::string> complaints_of(const std::string &text) {
    try {
        parse_labels({"l.csv", text});
    } catch (const ScenarioError &error) {
        return error.lines();
    }
    return {};
}

/// Of a file whose second line that is.
std::string complaint(const std::string &line) {
    const auto lines = complaints_of(header + line + "\n");
    EXPECT_THAT(lines, SizeIs(1)) << line;
    return lines.empty() ? "" : lines[0];
}

std::vector<std::string> scanners_of(const std::string &value) {
    std::vector<std::string> texts;
    const auto rows = rows_of("a.pcap,," + value + "\n");
    for (const Prefix &one : rows.at(0).scanners) texts.push_back(one.to_string());
    return texts;
}

TEST(Labels, RowsHaveCaptureFilterAndScanners) {
    const auto rows = rows_of("a.pcap,dst host 10.0.0.9,10.0.0.1\nb/c.pcap,,\n");
    ASSERT_THAT(rows, SizeIs(2));
    EXPECT_EQ(rows[0].where, "l.csv:2");
    EXPECT_EQ(rows[0].path, "a.pcap");
    EXPECT_EQ(rows[0].filter, "dst host 10.0.0.9");
    EXPECT_THAT(rows[0].scanners, ElementsAre(*Prefix::parse("10.0.0.1")));
    EXPECT_EQ(rows[1].where, "l.csv:3");
    EXPECT_EQ(rows[1].path, "b/c.pcap");
    EXPECT_EQ(rows[1].filter, "");
    EXPECT_THAT(rows[1].scanners, IsEmpty());
}

TEST(Labels, ScannersAreAddressesAndPrefixesOfBothFamilies) {
    EXPECT_THAT(scanners_of("10.0.0.1; 192.0.2.0/24 ;2001:db8::/64;fe80::1;"),
                ElementsAre("10.0.0.1", "192.0.2.0/24", "2001:db8::/64", "fe80::1"));
    EXPECT_THAT(scanners_of("10.0.0.1;10.0.0.1"), ElementsAre("10.0.0.1"));
    EXPECT_THAT(scanners_of("10.0.0.7/24"), ElementsAre("10.0.0.0/24"));
}

TEST(Labels, PathsAreRelativeToTheFile) {
    EXPECT_EQ(rows_of("a.pcap,,\n", "some/where/l.csv").at(0).path, "some/where/a.pcap");
    EXPECT_EQ(rows_of("/tmp/a.pcap,,\n", "some/where/l.csv").at(0).path, "/tmp/a.pcap");
}

TEST(Labels, QuotedValuesHoldCommasAndQuotes) {
    const auto rows = rows_of("\"a, \"\"b\"\".pcap\" , \"tcp[13] = 2\",\"10.0.0.1;10.0.0.2\"\n");
    EXPECT_EQ(rows.at(0).path, "a, \"b\".pcap");
    EXPECT_EQ(rows.at(0).filter, "tcp[13] = 2");
    EXPECT_THAT(rows.at(0).scanners, SizeIs(2));
}

TEST(Labels, WhatSpreadsheetsAndPeopleWriteBesideRowsIsPassedOver) {
    const auto rows = parse_labels(
        {"l.csv", "\xef\xbb\xbf# mine\r\n\r\n capture , filter,scanners\r\n\r\n# off,,\r\n"
                  "\ta.pcap\t,,10.0.0.1\r\n   \r\nb.pcap,,"});
    ASSERT_THAT(rows, SizeIs(2));
    EXPECT_EQ(rows[0].path, "a.pcap");
    EXPECT_EQ(rows[0].where, "l.csv:6");
    EXPECT_EQ(rows[1].path, "b.pcap");
}

TEST(Labels, TheSameCaptureMayComeWithAnotherFilter) {
    EXPECT_THAT(rows_of("a.pcap,udp,\na.pcap,tcp,\n"), SizeIs(2));
    EXPECT_THAT(complaint("a.pcap,tcp,\na.pcap,tcp,10.0.0.1"),
                AllOf(HasSubstr("l.csv:3: "), HasSubstr("as in line 2")));
}

TEST(Labels, BadLinesAreNamedEach) {
    EXPECT_THAT(complaint("a.pcap,,10.0.0.300"),
                AllOf(HasSubstr("l.csv:2: '10.0.0.300' is no address or prefix"),
                      HasSubstr("10.0.0.7;2001:db8::/64")));
    EXPECT_THAT(complaint("a.pcap,,\"10.0.0.1,10.0.0.2\""), HasSubstr("no address or prefix"));
    EXPECT_THAT(complaint("a.pcap,,10.0.0.1/33"), HasSubstr("no address or prefix"));
    EXPECT_THAT(complaint("a.pcap,,10.0.0.1 10.0.0.2"), HasSubstr("no address or prefix"));
    EXPECT_THAT(complaint("a.pcap,,scanner.example"), HasSubstr("no address or prefix"));
    EXPECT_THAT(complaint("a.pcap"), HasSubstr("one value where three are wanted"));
    EXPECT_THAT(complaint("a.pcap,10.0.0.1"), HasSubstr("2 values where three are wanted"));
    EXPECT_THAT(complaint("a.pcap,,10.0.0.1,10.0.0.2"), HasSubstr("4 values"));
    EXPECT_THAT(complaint(",,10.0.0.1"), HasSubstr("no capture is named"));
    EXPECT_THAT(complaint("-,,10.0.0.1"), HasSubstr("standard input"));
    EXPECT_THAT(complaint("\"a.pcap,,"), HasSubstr("a quote is opened and not closed"));
    EXPECT_THAT(complaint("\"a.pcap\"x,,"), HasSubstr("behind a closing quote"));
    EXPECT_THAT(complaint("a\"b.pcap,,"), HasSubstr("a quote within a value"));
    EXPECT_THAT(complaint(std::string{"a\0.pcap,,", 9}), HasSubstr("a control character"));
    EXPECT_THAT(complaint("a.pcap,,\x1b[31m"), HasSubstr("a control character"));
    EXPECT_THAT(complaints_of(header + "a.pcap,,x\nb.pcap,,\nc.pcap\n"),
                ElementsAre(HasSubstr("l.csv:2: "), HasSubstr("l.csv:4: ")));
}

TEST(Labels, ComplaintsEndSomewhere) {
    std::string text = header;
    for (int i = 0; i < 50; ++i) text += "x\n";
    const auto lines = complaints_of(text);
    ASSERT_THAT(lines, SizeIs(21));
    EXPECT_THAT(lines.back(), HasSubstr("30 more lines are wrong"));
}

TEST(Labels, TheHeaderHasToBeThere) {
    EXPECT_THAT(complaints_of("a.pcap,,10.0.0.1\nb.pcap,,\n"),
                ElementsAre("l.csv:1: the first line has to be 'capture,filter,scanners'"));
    EXPECT_THAT(complaints_of("capture;filter;scanners\n"), ElementsAre(HasSubstr("l.csv:1: ")));
    EXPECT_THAT(complaints_of(""), ElementsAre(HasSubstr("l.csv:1: labels no capture")));
    EXPECT_THAT(complaints_of(header), ElementsAre(HasSubstr("labels no capture")));
    EXPECT_THAT(complaints_of("# only this\n"), ElementsAre(HasSubstr("labels no capture")));
}

/// Whatever bytes: rows or complaints, and never anything else.
TEST(Labels, NoBytesAreTooStrange) {
    std::uint32_t state = 1;
    const std::string alphabet{"\",;\n\r\t #a10./:\0\xff", 16};
    for (int round = 0; round < 20'000; ++round) {
        std::string text = round % 2 == 0 ? header : "";
        for (int i = 0; i < 24; ++i) {
            state = state * 1'664'525 + 1'013'904'223;
            text += alphabet[(state >> 16) % alphabet.size()];
        }
        try {
            EXPECT_THAT(parse_labels({"l.csv", text}), Not(IsEmpty()));
        } catch (const ScenarioError &error) {
            ASSERT_THAT(error.lines(), Not(IsEmpty()));
            for (const std::string &line : error.lines())
                ASSERT_EQ(line.find('\n'), std::string::npos) << line;
        }
    }
}

TEST(Labels, FilesThatAreNoneAreNamed) {
    const test::TemporaryDirectory directory;
    const auto why = [](const std::string &path) -> std::string {
        try {
            load_labels(path);
        } catch (const ScenarioError &error) {
            return error.lines().at(0);
        }
        return "read";
    };
    EXPECT_THAT(why(directory / "none.csv"),
                AllOf(HasSubstr("none.csv: "), HasSubstr("No such file")));
    EXPECT_THAT(why(directory / ""), HasSubstr("Is a directory"));
    EXPECT_THAT(why("/dev/zero"), HasSubstr("larger than 16 MiB"));
    std::ofstream{directory / "l.csv"} << header << "a.pcap,,\n";
    EXPECT_EQ(load_labels(directory / "l.csv").at(0).path, directory / "a.pcap");
}

} // namespace
} // namespace portscan
