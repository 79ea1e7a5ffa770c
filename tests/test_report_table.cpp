// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/report_table.h"

#include "tests/replay_samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace portscan {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<std::string> names{"nmap-syn.pcap", "curl.pcap"};

TEST(ReportTable, ColumnsOfAllCapturesStandBelowTheirTitles) {
    const ReportTable table{names, {}};
    const std::string text =
        table.heading(sample_context()) + table.rows(sample_report()) + table.rows(honest_report());
    EXPECT_EQ(text,
              "detector 0123456789ab, kernel 6.1.0, default options\n"
              "CAPTURE          PACKETS    DROPPED  P50ns  P99ns  BLOCKED SOURCE"
              "            FRAME  TIME OF THE BLOCK              DROPS  PORTS\n"
              "nmap-syn.pcap       2011       1991     90    210  172.16.0.8"
              "                    4  2010-08-13 22:12:01.123456Z     1991  443,143,3306 then 80\n"
              "  17 passed, 1991 dropped; 5 sources, 1 blocked; ns above the empty program's 40: "
              "p50 50, p90 60, p99 170, p99.9 860, max 4960\n"
              "  2 skipped (too_short), 1 skipped (undecidable)\n"
              "curl.pcap             10          0      0      0  nobody blocked\n"
              "  10 passed, 0 dropped; 0 sources, 0 blocked\n");
}

TEST(ReportTable, FoldersAreShownOnlyWhereNamesRepeat) {
    ReplayReport report = honest_report();
    report.capture = "a/curl.pcap";
    EXPECT_EQ(ReportTable({"a/curl.pcap", "b/nmap.pcap"}, {}).rows(report).find("curl.pcap"), 0u);
    EXPECT_EQ(ReportTable({"a/curl.pcap", "a/curl.pcap"}, {}).rows(report).find("curl.pcap"), 0u);
    EXPECT_EQ(ReportTable({"a/curl.pcap", "b/curl.pcap"}, {}).rows(report).find("a/curl.pcap"), 0u);
}

TEST(ReportTable, HeadingNamesTheOptionsThatAreGiven) {
    ReplayContext context = sample_context();
    context.options.max_ports = 2;
    context.options.dry_run = true;
    EXPECT_THAT(ReportTable(names, {}).heading(context),
                HasSubstr("kernel 6.1.0, --max-ports=2 --dry-run\n"));
}

TEST(ReportTable, BlockThatIsOverSaysSo) {
    ReplayReport report = sample_report();
    report.sources[0].blocked = false;
    report.sources[0].state = SourceState::expired;
    report.sources[0].blocks.push_back({.at_ns = 2, .frame = 9, .trigger_port = 25});
    EXPECT_THAT(ReportTable(names, {}).rows(report),
                HasSubstr("443,143,3306 then 25; blocked 2 times; expired\n"));
}

TEST(ReportTable, SaysWhoIsLikelyHonestAndOfWhichHost) {
    ReplayReport report = sample_report();
    report.sources[0].host = Address::parse("10.0.0.9");
    report.sources[0].reach = {.probed = 4, .probed_answered = 4, .probed_completed = 3};
    EXPECT_THAT(ReportTable(names, {}).rows(report),
                HasSubstr("443,143,3306 then 80 at 10.0.0.9; likely honest: 4 of 4 ports answered, "
                          "3 handshakes completed\n"));
}

TEST(ReportTable, RowsAreLimitedAndTheRestCounted) {
    ReplayReport report = sample_report();
    report.sources.assign(30, report.sources[0]);
    EXPECT_THAT(ReportTable(names, {.colour = false, .rows_per_capture = 2}).rows(report),
                AllOf(HasSubstr("and 28 more blocked sources: --json lists them all\n")));
}

TEST(ReportTable, SaysWhatWasOdd) {
    ReplayReport report = honest_report();
    report.time_held = 5;
    report.not_selected = 7;
    report.damage = "cut in record 11";
    EXPECT_THAT(ReportTable(names, {}).rows(report),
                AllOf(HasSubstr("7 not selected, 5 earlier than the clock"),
                      HasSubstr("\n  replayed up to there: cut in record 11\n")));
}

TEST(ReportTable, WithoutAPacketRunThereIsNoLatency) {
    ReplayReport report = honest_report();
    report.verdicts = {};
    EXPECT_THAT(ReportTable(names, {}).rows(report), HasSubstr("      -      -  nobody blocked"));
}

TEST(ReportTable, ColoursOnlyWhenAsked) {
    EXPECT_THAT(ReportTable(names, {.colour = true}).rows(sample_report()),
                HasSubstr("\x1b[31m172.16.0.8"));
    EXPECT_THAT(ReportTable(names, {}).rows(sample_report()), Not(HasSubstr("\x1b")));
}

TEST(ReportTable, NameOfACaptureCannotMoveTheCursor) {
    ReplayReport report = honest_report();
    report.capture = "a\x1b[2J\n.pcap";
    EXPECT_THAT(ReportTable(names, {}).rows(report), HasSubstr("a?[2J?.pcap"));
}

TEST(ReportTable, TimeIsUtc) {
    EXPECT_EQ(format_utc(0), "1970-01-01 00:00:00.000000Z");
    EXPECT_EQ(format_utc(951'782'400'000'000'999), "2000-02-29 00:00:00.000000Z");
}

} // namespace
} // namespace portscan
