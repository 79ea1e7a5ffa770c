// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/command_runner.h"
#include "tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace portscan {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string scenario = R"(title = "good"
packets = """
  0s  10.0.0.1 > 10.0.0.9:1  S  pass
  1s  10.0.0.1 > 10.0.0.9:2  S  drop
"""
[detector]
max-ports = 1
)";

class MutateCommandTest : public ::testing::Test {
  protected:
    std::string file(const std::string &name, const std::string &text) const {
        return directory_.write(name,
                                {reinterpret_cast<const std::uint8_t *>(text.data()), text.size()});
    }
    std::string good() const { return file("good.scenario.toml", scenario); }

  private:
    test::TemporaryDirectory directory_;
};

TEST_F(MutateCommandTest, SaysWhatBecameOfASampleInOneLineOfJson) {
    const CommandResult result =
        run_command({"mutate", good(), "--sample", "12", "--seed", "7", "--json"});
    ASSERT_EQ(result.status, 0) << result.err;
    const auto json = nlohmann::json::parse(result.out);
    EXPECT_EQ(json["schema"], "xdp-portscan-sim/mutate/1");
    EXPECT_EQ(json["mutants"], 12);
    EXPECT_EQ(json["seed"], 7);
    EXPECT_GT(json["found"], 2000);
    EXPECT_EQ(json["refused"].get<int>() + json["killed"].get<int>() + json["survived"].get<int>() +
                  json["equivalent"].get<int>(),
              12);
    EXPECT_EQ(json["survivors"].size(), json["survived"]);
}

TEST_F(MutateCommandTest, FailsWhereTooFewAreKilledAndNamesTheSurvivors) {
    const CommandResult result =
        run_command({"mutate", good(), "--sample", "12", "--min-kill", "100"});
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.out, AllOf(HasSubstr(": bpf/"), HasSubstr("12 mutants: ")));
    EXPECT_THAT(result.err, HasSubstr("--min-kill asks for 100 %"));
}

TEST_F(MutateCommandTest, TriesOneFileAndThenWhatSurvivedThere) {
    const std::string json = file("survivors.json", "");
    const CommandResult first = run_command(
        {"mutate", good(), "--only", "counters.bpf.h", "--sample", "40", "--json=" + json});
    ASSERT_EQ(first.status, 0) << first.err;
    const auto before = nlohmann::json::parse(read_file(json));
    EXPECT_EQ(before["mutants"], 40);
    ASSERT_GT(before["survived"], 0);
    for (const auto &survivor : before["survivors"])
        EXPECT_EQ(survivor["file"], "bpf/counters.bpf.h");
    const CommandResult again = run_command({"mutate", good(), "--again", json, "--json"});
    ASSERT_EQ(again.status, 0) << again.err;
    EXPECT_EQ(nlohmann::json::parse(again.out)["survivors"], before["survivors"]);
}

TEST_F(MutateCommandTest, RefusesAScenarioThatFailsAnyway) {
    const std::string wrong = file("wrong.scenario.toml", scenario + "[expect]\ndrop = 2\n");
    const CommandResult result = run_command({"mutate", wrong, "--sample", "1"});
    EXPECT_EQ(result.status, 2);
    EXPECT_THAT(result.out, IsEmpty());
    EXPECT_THAT(result.err, AllOf(HasSubstr(wrong + ":1: 'good'"), HasSubstr("test")));
}

TEST_F(MutateCommandTest, RefusesBadInputInOneLine) {
    const std::string list = file("list.toml", "[[equivalent]]\nfile = 3\n");
    for (const auto &arguments : std::vector<std::vector<std::string>>{
             {"mutate"},
             {"mutate", "/nowhere.scenario.toml"},
             {"mutate", good(), "--min-kill", "101"},
             {"mutate", good(), "--sample", "0"},
             {"mutate", good(), "--jobs", "-1"},
             {"mutate", good(), "--equivalent", "/nowhere.toml"},
             {"mutate", good(), "--equivalent", list},
             {"mutate", good(), "--object", "/nowhere.o"},
             {"mutate", good(), "--only", "nothing.h"},
             {"mutate", good(), "--again", "/nowhere.json"},
             {"mutate", good(), "--again", list},
             {"mutate", good(), "--again", file("other.json", R"({"object_sha256": "00"})")},
             {"mutate", good(), "--json=/nowhere/x.json"},
             {"mutate", file("bad.scenario.toml", "titel = 1\n")}}) {
        const CommandResult result = run_command(arguments);
        EXPECT_EQ(result.status, 2) << arguments.back() << result.err;
        EXPECT_THAT(result.out, IsEmpty());
        EXPECT_THAT(result.err, HasSubstr("xdp-portscan-sim: "));
    }
}

} // namespace
} // namespace portscan
