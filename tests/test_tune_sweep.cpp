// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/tune_sweep.h"

#include "tests/syn_capture.h"
#include "tests/temporary_directory.h"

#include <gtest/gtest.h>
#include <numeric>
#include <vector>

namespace portscan {
namespace {

class TuneSweepTest : public ::testing::Test {
  protected:
    TuneSweepTest() {
        std::vector<std::uint16_t> ports(record_count);
        std::iota(ports.begin(), ports.end(), std::uint16_t{1});
        const std::string path =
            SynCapture{directory_ / "scan.pcap"}.from("10.0.0.1", ports).close();
        captures_ = {{.where = "labels.csv:2", .path = path, .filter = "", .scanners = {}}};
    }
    /// Wants no more after so many records.
    TuneWork work(std::uint64_t until) {
        read_ = 0;
        return {.tick = [this](std::uint64_t records) { read_ += records; },
                .wants_stop = [this, until] { return read_ >= until; }};
    }

    static constexpr std::uint16_t record_count = 20'000;
    test::TemporaryDirectory directory_;
    std::vector<LabelledCapture> captures_;
    std::uint64_t read_ = 0;
};

TEST_F(TuneSweepTest, SurveyEndsWhenItIsToStop) {
    EXPECT_EQ(survey_all(captures_, 64, work(UINT64_MAX)).at(0).packets, record_count);
    EXPECT_EQ(read_, record_count);
    survey_all(captures_, 64, work(1'000));
    EXPECT_GE(read_, 1'000);
    EXPECT_LT(read_, 2'000);
}

TEST_F(TuneSweepTest, SweepEndsWhenItIsToStop) {
    const auto surveys = survey_all(captures_, 64, {});
    const std::vector<SweepSetting> settings(2);
    EXPECT_EQ(sweep(captures_, surveys, settings, work(UINT64_MAX)).size(), 2);
    EXPECT_EQ(read_, record_count);
    sweep(captures_, surveys, settings, work(1'000));
    EXPECT_GE(read_, 1'000);
    EXPECT_LT(read_, 2'000);
}

} // namespace
} // namespace portscan
