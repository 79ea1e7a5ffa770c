// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <vector>

namespace portscan {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(FormatProgress, SaysCountRatePartAndTimeLeft) {
    EXPECT_EQ(
        format_progress({.label = "a.pcap", .count = 12'345'678, .elapsed = 6s, .part = 0.25}, 100),
        "a.pcap: 12,345,678 packets, 2,057,613/s, 25 %, 18 s left");
    EXPECT_EQ(format_progress({.label = "", .count = 999, .elapsed = 1s, .part = {}}, 100),
              "999 packets, 999/s");
    EXPECT_EQ(format_progress(
                  {.label = "", .unit = "scenarios", .count = 5, .elapsed = 100s, .part = 0.5}, 99),
              "5 scenarios, 0/s, 50 %, 1 min 40 s left");
    EXPECT_THAT(format_progress({.label = "", .count = 1'000, .elapsed = 100s, .part = 0.01}, 99),
                HasSubstr(", 1 %, 2 h 45 min left"));
}

TEST(FormatProgress, KnowsNothingAtTheStart) {
    EXPECT_EQ(format_progress({.label = "", .count = 0, .elapsed = 0s, .part = 0}, 80),
              "0 packets, 0 %");
    EXPECT_THAT(format_progress({.label = "", .count = 1, .elapsed = 1s, .part = 1.5}, 80),
                HasSubstr("100 %, 0 s left"));
}

TEST(FormatProgress, FitsTheTerminal) {
    EXPECT_EQ(
        format_progress({.label = "a-long-name.pcap", .count = 1, .elapsed = 1s, .part = {}}, 10),
        "a-long-na~");
    EXPECT_EQ(format_progress({.label = "a", .count = 1, .elapsed = 1s, .part = {}}, 0), "");
    const ProgressFigures accents{.label = "\u00e9\u00e9", .count = 1, .elapsed = 1s, .part = {}};
    EXPECT_EQ(format_progress(accents, 4), "\u00e9~") << "no half of a character";
}

TEST(FormatProgress, NameOfAFileCannotMoveTheCursor) {
    EXPECT_THAT(format_progress({.label = "\x1b]0;x\a", .count = 1, .elapsed = 1s, .part = {}}, 80),
                testing::StartsWith("?]0;x?: 1 packets"));
}

class ProgressTest : public testing::Test {
  protected:
    ProgressOutput output() {
        return {.now = [this] { return ++clock_reads, time; },
                .write = [this](std::string_view text) { written.emplace_back(text); }};
    }
    /// `count` steps of that time each.
    void step(Progress &progress, int count, std::chrono::nanoseconds each) {
        for (int i = 0; i < count; ++i) {
            time += each;
            progress.step();
        }
    }

    ProgressOutput::TimePoint time{};
    int clock_reads = 0;
    std::vector<std::string> written;
};

TEST_F(ProgressTest, IsSilentForTheFirstSecond) {
    Progress progress{output()};
    progress.start({.label = "a"});
    step(progress, 999'000, 1us);
    progress.clear();
    EXPECT_THAT(written, IsEmpty());
}

TEST_F(ProgressTest, ShowsAboutFiveUpdatesASecondAndIsRemovedAtTheEnd) {
    {
        Progress progress{output()};
        progress.start({.label = "a", .total = 6'000'000});
        step(progress, 3'000'000, 1us);
    }
    EXPECT_THAT(written, SizeIs(testing::AllOf(testing::Ge(7), testing::Le(12))));
    EXPECT_THAT(written.front(), testing::StartsWith("\ra: 1,0"));
    EXPECT_THAT(written.front(), HasSubstr(" packets, 1,000,000/s, 1"));
    const std::string &last = written.back();
    EXPECT_EQ(last.front(), '\r');
    EXPECT_EQ(last.back(), '\r');
    EXPECT_EQ(last.find_first_not_of("\r "), last.npos) << "only blanks";
}

TEST_F(ProgressTest, RarelyReadsTheClock) {
    Progress progress{output()};
    progress.start({.label = "a"});
    step(progress, 10'000'000, 400ns);
    EXPECT_LT(clock_reads, 200);
}

TEST_F(ProgressTest, SlowStepsAreShownEach) {
    Progress progress{output()};
    progress.start({.label = "a"});
    step(progress, 5, 1s);
    EXPECT_THAT(written, SizeIs(5));
}

TEST_F(ProgressTest, StaysUpToDateWhenStepsBecomeSlow) {
    Progress progress{output()};
    progress.start({.label = "a"});
    step(progress, 2'000'000, 1us);
    written.clear();
    step(progress, 2'000'000, 20us);
    EXPECT_THAT(written, SizeIs(testing::Gt(100)));
}

TEST_F(ProgressTest, PositionTellsThePart) {
    std::uint64_t bytes = 0;
    Progress progress{output()};
    progress.start({.label = "a", .total = 1'000, .position = [&] { return bytes; }});
    bytes = 250;
    step(progress, 1, 2s);
    EXPECT_THAT(written, ElementsAre(HasSubstr("1 packets, 0/s, 25 %, 6 s left")));
}

TEST_F(ProgressTest, ShorterLineCoversTheLongerOne) {
    Progress progress{output()};
    progress.start({.label = "a-long-name"});
    step(progress, 1, 2s);
    const std::size_t length = written.back().size();
    progress.start({.label = "a"});
    step(progress, 1, 2s);
    ASSERT_THAT(written, SizeIs(2));
    EXPECT_EQ(written.back().size(), length);
}

TEST_F(ProgressTest, LaterTasksAreShownAtOnceAndCountFromZero) {
    Progress progress{output()};
    progress.start({.label = "a"});
    step(progress, 2, 700ms);
    progress.start({.label = "b"});
    step(progress, 1, 500ms);
    EXPECT_THAT(written, ElementsAre(HasSubstr("a: 2 packets"), HasSubstr("b: 1 packets, 2/s")));
}

TEST_F(ProgressTest, WithoutATerminalNothingIsRead) {
    Progress progress{{.now = output().now, .write = {}}};
    progress.start({.label = "a"});
    step(progress, 1'000, 1s);
    progress.clear();
    EXPECT_EQ(clock_reads, 0);
}

} // namespace
} // namespace portscan
