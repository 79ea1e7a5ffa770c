// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/mutant.h"
#include "sim/stages.h"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <sstream>
#include <string_view>

namespace portscan {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// As short as `mutate` plays them.
constexpr std::size_t storm_steps = 1500;

/// `1500 0123456789abcdef`, by the stage's name, from tests/stages.txt.
std::map<std::string, std::string> written_down() {
    std::map<std::string, std::string> found;
    std::ifstream file{PORTSCAN_SOURCE_DIR "/tests/stages.txt"};
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line.front() == '#') continue;
        std::istringstream words{line};
        std::string steps;
        std::string digest;
        std::string name;
        words >> steps >> digest >> std::ws;
        std::getline(words, name);
        found[name] = fmt::format("{} {}", steps, digest);
    }
    return found;
}

/// Detectors of all settings, each made once.
class Detectors {
  public:
    StageDetector &of(const StageSetting &setting) {
        const auto found = std::find_if(made_.begin(), made_.end(),
                                        [&](const Made &one) { return one.setting == setting; });
        if (found != made_.end()) return *found->detector;
        made_.push_back({setting, std::make_unique<StageDetector>(setting, "")});
        return *made_.back().detector;
    }

  private:
    struct Made {
        StageSetting setting;
        std::unique_ptr<StageDetector> detector;
    };
    std::vector<Made> made_;
};

TEST(Stages, LeaveStepByStepWhatIsWrittenDown) {
    Detectors detectors;
    auto expected = written_down();
    ASSERT_THAT(expected, Not(IsEmpty())) << "tests/stages.txt cannot be read";
    std::string lines; // as they would have to be
    for (const StageScript &stage : find_stages(storm_steps)) {
        StageLog log;
        ASSERT_NO_THROW(play(stage, detectors.of(stage.setting), &log)) << stage.name;
        const std::string got = fmt::format("{} {:016x}", log.steps(), log.digest());
        if (expected[stage.name] != got) lines += fmt::format("{} {}\n", got, stage.name);
        expected.erase(stage.name);
    }
    EXPECT_THAT(lines, IsEmpty()) << "the detector does other things in these stages than before. "
                                     "If that is meant, the lines belong into tests/stages.txt";
    EXPECT_THAT(expected, IsEmpty()) << "there are no such stages";
}

TEST(Stages, ComeOutTheSameAgain) {
    Detectors detectors;
    for (const StageScript &stage : find_stages(200)) {
        StageDetector &detector = detectors.of(stage.setting);
        StageLog first;
        play(stage, detector, &first);
        StageLog second = StageLog::against(first);
        EXPECT_NO_THROW(play(stage, detector, &second)) << stage.name;
    }
}

const StageScript &stage_named(const std::vector<StageScript> &stages, std::string_view name) {
    return *std::find_if(stages.begin(), stages.end(),
                         [&](const StageScript &one) { return one.name == name; });
}

/// The detector without its first store or condition that stands on such a line.
void use_wrong(StageDetector &detector, const std::string &function, const std::string &text,
               MutationKind kind) {
    const auto mutants = find_mutants(detector.detector(), "");
    const auto found = std::find_if(mutants.begin(), mutants.end(), [&](const Mutant &one) {
        return one.function == function && one.line.text.find(text) != std::string::npos &&
               one.mutation.kind == kind;
    });
    ASSERT_NE(found, mutants.end());
    detector.use_changed(found->role, [&](ProgramText &program, const Interference &other) {
        program = apply(found->mutation, std::move(program));
        program.insert(other.insertions(program, ControlFlow::of(program)));
    });
}

TEST(Stages, FailWhereADeadRecordIsTakenForALivingOne) {
    const auto stages = find_stages(200);
    const StageScript &stage = stage_named(stages, "IPv4: dead records");
    StageDetector detector{stage.setting, ""};
    use_wrong(detector, "judge_once4", "if (word_count(word) == PORTSCAN_COUNT_DEAD)",
              MutationKind::condition);
    EXPECT_THROW(play(stage, detector), StageFailure);
    detector.use_shipped();
    EXPECT_NO_THROW(play(stage, detector));
}

TEST(Stages, FailWhereAPlaceInTheQueueIsNotWrittenDown) {
    const auto stages = find_stages(200);
    const StageScript &stage = stage_named(stages, "IPv6: storm, max-ports 3, scope tcp");
    StageDetector detector{stage.setting, ""};
    StageLog before;
    play(stage, detector, &before);
    use_wrong(detector, "judge_once6", "__sync_val_compare_and_swap(&record->queue_place",
              MutationKind::store);
    StageLog log = StageLog::against(before);
    EXPECT_THROW(play(stage, detector, &log), StageFailure);
}

TEST(StageLog, SaysAtWhichStepItIsAnother) {
    StageLog before;
    before.note(1);
    before.note(2);
    StageLog same = StageLog::against(before);
    same.note(1);
    EXPECT_THROW(same.finish(), StageFailure) << "a step is missing";
    same.note(2);
    EXPECT_NO_THROW(same.finish());
    EXPECT_EQ(same.digest(), before.digest());
    EXPECT_THROW(same.note(3), StageFailure) << "a step too many";
    StageLog other = StageLog::against(before);
    other.note(1);
    try {
        other.note(3);
        FAIL() << "another step";
    } catch (const StageFailure &failure) {
        EXPECT_THAT(failure.what(), HasSubstr("step 2"));
    }
}

} // namespace
} // namespace portscan
