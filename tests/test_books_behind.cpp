// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/books_behind.h"

#include "sim/read_ahead.h"
#include "sim/report_json.h"
#include "sim/traffic.h"
#include "tests/capture_fixture.h"

#include <filesystem>
#include <functional>
#include <gtest/gtest.h>
#include <sstream>
#include <tuple>

namespace portscan {
namespace {

using namespace std::chrono_literals;

/// All that a replay can meet within one batch: blocks, evictions, passes that free, handshakes,
/// frames that are not run or not selected.
class BooksBehindTest : public test::CaptureFixture {
  protected:
    static constexpr std::size_t frames = 12'000;

    void SetUp() override {
        const auto traffic =
            open_traffic({{.kind = "connect", .open_ports = {{80, 80}}, .rate = 20},
                          {.kind = "syn", .source = {silent}, .rate = 50, .duration = 500ms},
                          {.kind = "browsing", .count = 2'000, .rate = 200},
                          {.kind = "random-flood", .count = 4'000, .rate = 400}});
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
    static ReplayReport report_of(const std::function<void(Replay &)> &feed) {
        Simulator simulator{detection(), {}};
        Replay replay{simulator, {.details = true, .floor = true}};
        feed(replay);
        return replay.report();
    }
    static std::string text_of(ReplayReport report) {
        EXPECT_GT(report.latency.max, 0U);
        report.latency = {}; // differs from run to run
        std::ostringstream json;
        write_json(json, report, {});
        return json.str();
    }
    std::string one_by_one() const {
        return text_of(report_of([this](Replay &replay) {
            CaptureReader reader = CaptureReader::open(path(), {.filter = filter});
            while (const auto frame = reader.next()) replay.feed(*frame);
        }));
    }

    /// A scanner whose block ends while nothing comes of it.
    const Prefix silent = Prefix::parse("10.0.0.77").value();
    const std::string filter = "not src host 10.0.0.9";
};

/// The capture is one that has what the others are to be right about.
TEST_F(BooksBehindTest, HasSomethingOfEverything) {
    const ReplayReport report = report_of([this](Replay &replay) {
        CaptureReader reader = CaptureReader::open(path(), {.filter = filter});
        while (const auto frame = reader.next()) replay.feed(*frame);
    });
    EXPECT_GE(std::filesystem::file_size(path()), std::uintmax_t{1} << 20) << "to be read ahead";
    EXPECT_GT(report.counters.find("blocks").value(), 0U);
    EXPECT_GT(report.counters.find("evictions").value(), 0U);
    EXPECT_GT(report.expiry.sources_freed + report.expiry.blocks_freed, 0U);
    EXPECT_GT(report.not_selected, 0U);
    EXPECT_GT(report.skipped.at("undecidable"), 0U);
    std::uint64_t answered = 0;
    for (const SourceReport &source : report.sources) answered += source.reach.probed_completed;
    EXPECT_GT(answered, 0U);
}

TEST_F(BooksBehindTest, AnotherThreadKeepsTheSameBooks) {
    const std::string behind = text_of(report_of([this](Replay &replay) {
        CaptureReader reader = CaptureReader::open(path(), {.filter = filter});
        BooksBehind books{replay};
        ReadAhead ahead{reader, [&books](auto batch) { books.settle(batch); }};
        for (auto batch = ahead.next(); !batch.empty(); batch = ahead.next()) books.run(batch);
        ahead.finish();
    }));
    EXPECT_EQ(behind, one_by_one());
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
            replay.feed(batch, [&](const CapturedFrame &frame, const FrameOutcome &outcome) {
                EXPECT_EQ(frame.number, outcome.number);
                at_once.push_back(outcome_of(outcome));
            });
    }));
    EXPECT_EQ(many, single);
    ASSERT_EQ(at_once.size(), each.size());
    EXPECT_TRUE(at_once == each);
}

} // namespace
} // namespace portscan
