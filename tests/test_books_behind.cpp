// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/books_behind.h"

#include "sim/read_ahead.h"
#include "sim/report_json.h"
#include "sim/traffic.h"
#include "tests/capture_fixture.h"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <gtest/gtest.h>
#include <sstream>
#include <stdexcept>
#include <tuple>

namespace portscan {
namespace {

using namespace std::chrono_literals;

/// All that a replay can meet within one batch: blocks, evictions, passes that free, handshakes,
/// frames that are not run or not selected.
class BooksBehindTest : public test::CaptureFixture {
  protected:
    static constexpr std::size_t frames = 45'000;

    void SetUp() override {
        const auto traffic =
            open_traffic({{.kind = "connect", .open_ports = {{80, 80}}, .rate = 20},
                          {.kind = "syn", .source = {silent}, .rate = 50, .duration = 500ms},
                          {.kind = "browsing", .count = 1ULL << 40, .rate = 200},
                          {.kind = "random-flood", .count = 1ULL << 40, .rate = 400}});
        CaptureWriter writer = CaptureWriter::create(path());
        for (std::size_t i = 0; i < frames; ++i) {
            const auto frame = traffic->next();
            if (!frame) break;
            const ByteView bytes{frame->bytes};
            writer.write(frame->time_ns, i % 97 == 0 ? bytes.first(30) : bytes, bytes.size());
        }
        writer.close();
    }
    std::string path() const { return directory / "x.pcap"; }
    static DetectorOptions detection() {
        return {.window = 2s,
                .block_for = 1s,
                .max_sources = 200,
                .max_blocked = 20,
                .expire_interval = 100ms};
    }
    static ReplayReport report_of(const std::function<void(Replay &)> &feed,
                                  std::uint64_t sources = 100'000) {
        Simulator simulator{detection(), {}};
        Replay replay{simulator, {.report_sources = sources, .details = true, .floor = true}};
        feed(replay);
        return replay.report();
    }
    /// All that has to be the same from run to run.
    static std::string text_of(ReplayReport report) {
        EXPECT_GT(report.latency.max, 0U);
        report.latency = {};
        std::ostringstream text;
        text << fmt::format("{} to {}; passes freed {}, {}, left {}, {}\n", report.first_ns,
                            report.last_ns, report.expiry.sources_freed, report.expiry.blocks_freed,
                            report.expiry.sources_left, report.expiry.blocks_left);
        for (const SourceReport &source : report.sources)
            for (const BlockEvent &event : source.events)
                text << fmt::format("{} at {} by {}\n", source.address.to_string(), event.time_ns,
                                    event.trigger_port);
        write_json(text, report, {});
        return text.str();
    }
    std::vector<FrameOutcome> feed_each(Replay &replay) const {
        std::vector<FrameOutcome> outcomes;
        CaptureReader reader = CaptureReader::open(path(), {.filter = filter});
        while (const auto frame = reader.next()) outcomes.push_back(replay.feed(*frame));
        return outcomes;
    }

    /// A scanner whose block ends while nothing comes of it.
    const Prefix silent = Prefix::parse("10.0.0.77").value();
    const std::string filter = "not src host 10.0.0.9";
};

/// The capture is one that has what the others are to be right about.
TEST_F(BooksBehindTest, HasSomethingOfEverything) {
    std::vector<FrameOutcome> outcomes;
    const ReplayReport report = report_of([&](Replay &replay) { outcomes = feed_each(replay); });
    const auto frames_with = [&outcomes](const auto &what) {
        return std::count_if(outcomes.begin(), outcomes.end(), what);
    };
    CaptureReader reader = CaptureReader::open(path());
    ReadAhead ahead{reader};
    unsigned batches = 0;
    while (!ahead.next().empty()) ++batches;
    EXPECT_GT(batches, 20U) << "of which each is used again";
    EXPECT_GT(frames_with([](const FrameOutcome &one) { return one.pass.has_value(); }), 3);
    EXPECT_GT(frames_with([](const FrameOutcome &one) { return one.block_over; }), 3);
    EXPECT_GT(frames_with([](const FrameOutcome &one) { return one.blocked_until.has_value(); }),
              3);
    EXPECT_GT(report.counters.find("evictions").value(), 0U);
    EXPECT_GT(report.expiry.blocks_freed, 0U);
    EXPECT_GT(report.not_selected, 0U);
    EXPECT_GT(report.skipped.at("undecidable"), 0U);
    std::uint64_t completed = 0, events = 0;
    for (const SourceReport &source : report.sources) {
        completed += source.reach.probed_completed;
        events += source.events.size();
    }
    EXPECT_GT(completed, 0U);
    EXPECT_GT(events, 3U);
}

TEST_F(BooksBehindTest, AnotherThreadKeepsTheSameBooks) {
    const std::string behind = text_of(report_of([this](Replay &replay) {
        CaptureReader reader = CaptureReader::open(path(), {.filter = filter});
        BooksBehind books{replay};
        ReadAhead ahead{reader, [&books](auto batch) { books.settle(batch); }};
        for (auto batch = ahead.next(); !batch.empty(); batch = ahead.next()) {
            while (!batch.empty()) batch = batch.subspan(books.run(batch));
            books.hand_over();
        }
        ahead.finish();
    }));
    EXPECT_EQ(behind, text_of(report_of([this](Replay &replay) { feed_each(replay); })));
}

/// As a signal leaves it: of the last batch the first frames alone are run.
TEST_F(BooksBehindTest, APartOfABatchIsSettledToo) {
    std::size_t ran = 0;
    const std::string behind = text_of(report_of([&](Replay &replay) {
        CaptureReader reader = CaptureReader::open(path(), {.filter = filter});
        BooksBehind books{replay};
        ReadAhead ahead{reader, [&books](auto batch) { books.settle(batch); }};
        for (unsigned batches = 0; batches < 11; ++batches) {
            auto batch = ahead.next();
            if (batches == 10) batch = batch.first(100);
            while (!batch.empty()) {
                const std::size_t some = books.run(batch);
                batch = batch.subspan(some);
                ran += some;
            }
            books.hand_over();
        }
        ahead.finish();
    }));
    EXPECT_EQ(behind, text_of(report_of([&](Replay &replay) {
                  CaptureReader reader = CaptureReader::open(path(), {.filter = filter});
                  for (std::size_t i = 0; i < ran; ++i) replay.feed(reader.next().value());
              })));
}

TEST(BooksBehind, WhatWasNotRunIsNotSettled) {
    Simulator simulator{{.max_sources = 200}};
    Replay replay{simulator};
    BooksBehind books{replay};
    EXPECT_THROW(books.settle({}), std::logic_error);
    books.hand_over(); // a signal came before the first frame of a batch
    const CapturedFrame frame{.number = 1};
    books.settle({&frame, 1});
    EXPECT_EQ(replay.report().packets, 0U);
}

TEST_F(BooksBehindTest, ManyAtOnceHaveTheOutcomesOfEach) {
    using Outcome = std::tuple<std::uint64_t, std::uint64_t, int, int, bool, bool, bool, bool,
                               std::optional<std::uint64_t>, std::vector<std::uint16_t>>;
    const auto outcome_of = [](const FrameOutcome &one) -> Outcome {
        return {one.number,
                one.time_ns,
                one.result ? static_cast<int>(one.result->reason) : -1,
                one.skip ? static_cast<int>(*one.skip) : -1,
                one.result && one.result->new_record,
                one.result && one.result->evicted,
                one.pass.has_value(),
                one.block_over,
                one.blocked_until,
                one.block == nullptr ? std::vector<std::uint16_t>{} : one.block->ports};
    };
    std::vector<Outcome> each, at_once;
    const std::string single = text_of(report_of([&](Replay &replay) {
        CaptureReader reader = CaptureReader::open(path(), {.filter = filter});
        while (const auto frame = reader.next()) each.push_back(outcome_of(replay.feed(*frame)));
    }));
    const std::string many = text_of(report_of([&](Replay &replay) {
        CaptureReader reader = CaptureReader::open(path(), {.filter = filter});
        ReadAhead ahead{reader};
        for (auto batch = ahead.next(); !batch.empty(); batch = ahead.next())
            while (!batch.empty())
                batch = batch.subspan(replay.feed(
                    batch, [&](const CapturedFrame &frame, const FrameOutcome &outcome) {
                        EXPECT_EQ(frame.number, outcome.number);
                        at_once.push_back(outcome_of(outcome));
                    }));
    }));
    EXPECT_EQ(many, single);
    ASSERT_EQ(at_once.size(), each.size());
    EXPECT_TRUE(at_once == each);
}

/// Their records are read one by one then.
TEST_F(BooksBehindTest, BlockedSourcesAloneAreReportedAsAmongAllOthers) {
    const ReplayReport all = report_of([this](Replay &replay) { feed_each(replay); });
    const ReplayReport alone = report_of([this](Replay &replay) { feed_each(replay); }, 0);
    EXPECT_EQ(alone.sources.size() + alone.sources_omitted, all.sources.size());
    EXPECT_EQ(all.sources_omitted, 0U);
    ASSERT_GT(alone.sources.size(), 1U);
    ASSERT_LT(alone.sources.size(), 1'000U) << "not one by one any more";
    for (std::size_t i = 0; i < alone.sources.size(); ++i) {
        EXPECT_EQ(alone.sources[i].address, all.sources[i].address);
        EXPECT_EQ(alone.sources[i].state, all.sources[i].state);
        EXPECT_EQ(alone.sources[i].blocked, all.sources[i].blocked);
        EXPECT_EQ(alone.sources[i].ports, all.sources[i].ports);
        EXPECT_EQ(alone.sources[i].blocks, all.sources[i].blocks);
    }
}

} // namespace
} // namespace portscan
