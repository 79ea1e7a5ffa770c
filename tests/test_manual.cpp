// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/completion.h"
#include "loader/manual.h"
#include "loader/option_flags.h"
#include "tests/temporary_directory.h"

#include <array>
#include <cstdio>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <sstream>

namespace portscan {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

/// A command line with everything that the generators have to tell apart.
struct Program {
    Program() {
        app.set_version_flag("--version", "x 1");
        app.require_subcommand(1);
        CLI::App *const run = app.add_subcommand("run", "attach and serve");
        run->add_option("IFACE", interfaces, "interfaces to attach to")->type_name("")->required();
        run->add_flag("--keep", flag, "stay attached: it's yours");
        run->add_option("--config", text, "read options from this file")->type_name("FILE");
        run->add_option("--pin-dir", text, ".folder")->type_name("DIR")->default_str("/sys/fs/bpf");
        add_detection_options(*run, given);
        CLI::App *const allow = app.add_subcommand("allow", "change the allowlist");
        allow->require_subcommand(1);
        allow->add_subcommand("add", "add prefixes")->add_flag("--json", flag, "print JSON");
        allow->add_subcommand("list", "show it");
        add_generate_option(app, {.section = 8,
                                  .version = "1.2",
                                  .date = "2026-11-23",
                                  .sections = {{.title = "EXIT STATUS",
                                                .paragraphs = {"See below.", "'Quoted' \\ text"},
                                                .terms = {{"0", "done"}, {"1", "failed"}}}}});
    }

    std::string generate(const std::string &what) {
        std::vector<std::string> arguments{what, "--generate"}; // as CLI11 wants them
        try {
            app.parse(arguments);
        } catch (const CLI::Success &result) {
            return result.what();
        }
        return "nothing generated";
    }

    bool flag = false;
    std::string text;
    std::vector<std::string> interfaces;
    OptionOverrides given;
    CLI::App app{"blocks scanners", "port-scan"};
};

TEST(CommandTree, ShowsWhatHelpShows) {
    const Program program;
    const CommandTree tree = command_tree(program.app);
    EXPECT_EQ(tree.name, "port-scan");
    ASSERT_EQ(tree.commands.size(), 2U);
    const CommandTree &run = tree.commands[0];
    ASSERT_EQ(run.arguments.size(), 1U);
    EXPECT_EQ(run.arguments[0].value_name, "IFACE");
    EXPECT_TRUE(run.arguments[0].required);
    EXPECT_TRUE(run.arguments[0].repeats);
    EXPECT_THAT(run.options.at(0).flags, ElementsAre("-h", "--help"));
    EXPECT_EQ(run.options.at(1).value_name, "");
    EXPECT_EQ(run.options.at(2).value_name, "FILE");
    EXPECT_EQ(run.options.at(3).default_text, "/sys/fs/bpf");
    EXPECT_EQ(run.options.at(4).group, "Detection");
    EXPECT_EQ(tree.commands[1].commands.size(), 2U);
    for (const CommandOption &option : tree.options)
        EXPECT_THAT(option.flags, Not(testing::Contains("--generate")));
}

TEST(Generate, UnknownKindIsAUsageError) {
    Program program;
    EXPECT_THROW(program.generate("html"), CLI::ValidationError);
}

TEST(ManualPage, HasEveryCommandAndDescribesSharedOptionsOnce) {
    const std::string page = Program{}.generate("man");
    EXPECT_THAT(page, StartsWith(".TH PORT\\-SCAN 8 2026-11-23 \"port-scan 1.2\"\n"
                                 ".SH NAME\nport\\-scan \\- blocks scanners\n"));
    EXPECT_THAT(page, HasSubstr(".SS \\fBport\\-scan run\\fR [\\fIOPTION\\fR...] \\fIIFACE\\fR...\n"
                                "attach and serve.\n"));
    EXPECT_THAT(page, HasSubstr(".SS \\fBport\\-scan allow add\\fR"));
    EXPECT_THAT(page, HasSubstr("Also takes the DETECTION OPTIONS below."));
    EXPECT_THAT(page,
                HasSubstr(".SH DETECTION OPTIONS\n.TP\n\\fB\\-\\-max\\-ports\\fR \\fIN\\fR\n"));
    EXPECT_EQ(page.find("\\-\\-window"), page.rfind("\\-\\-window"));
    EXPECT_THAT(page, Not(HasSubstr("generate")));
}

TEST(ManualPage, TextMeansItself) {
    const std::string page = Program{}.generate("man");
    EXPECT_THAT(page, HasSubstr("\n\\&.folder (default: /sys/fs/bpf)\n"));
    EXPECT_THAT(page, HasSubstr("\n\\&'Quoted' \\e text\n"));
    EXPECT_THAT(page, HasSubstr(".SH EXIT STATUS\nSee below.\n.PP\n"));
}

/// What a command prints; its standard error is the test's.
std::string output_of(const std::string &command) {
    const std::unique_ptr<FILE, int (*)(FILE *)> pipe{popen(command.c_str(), "r"), pclose};
    std::string text;
    std::array<char, 4096> bytes{};
    for (std::size_t size = 0; (size = fread(bytes.data(), 1, bytes.size(), pipe.get())) > 0;)
        text.append(bytes.data(), size);
    return text;
}

class BashCompletion : public ::testing::Test {
  protected:
    BashCompletion() {
        std::ofstream{directory_ / "completion"} << Program{}.generate("bash");
        std::ofstream{directory_ / "config.toml"};
    }

    /// What bash offers for these words, of which the last one is being typed.
    std::vector<std::string> offers(const std::vector<std::string> &words) {
        std::ofstream script{directory_ / "script"};
        script << "compopt() { :; }\nsource ./completion\nCOMP_WORDS=(port-scan";
        for (const std::string &word : words) script << " '" << word << "'";
        script << ")\nCOMP_CWORD=" << words.size()
               << "\n_port_scan\n[[ ${#COMPREPLY[@]} == 0 ]] || printf '%s\\n' "
                  "\"${COMPREPLY[@]}\"\n";
        script.close();
        std::istringstream lines{output_of("cd " + (directory_ / "") + " && bash -u ./script")};
        std::vector<std::string> offered;
        for (std::string line; std::getline(lines, line);) offered.push_back(line);
        return offered;
    }

    test::TemporaryDirectory directory_;
};

TEST_F(BashCompletion, OffersCommandsAndTheirSubcommands) {
    EXPECT_THAT(offers({""}), UnorderedElementsAre("run", "allow"));
    EXPECT_THAT(offers({"r"}), ElementsAre("run"));
    EXPECT_THAT(offers({"allow", ""}), UnorderedElementsAre("add", "list"));
    EXPECT_THAT(offers({"allow", "list", ""}), IsEmpty());
}

TEST_F(BashCompletion, OffersTheOptionsOfTheCommand) {
    EXPECT_THAT(offers({"run", "--max-p"}), ElementsAre("--max-ports"));
    EXPECT_THAT(offers({"allow", "add", "--j"}), ElementsAre("--json"));
    EXPECT_THAT(offers({"allow", "list", "--j"}), IsEmpty());
    EXPECT_THAT(offers({"run", "--config", "run", "--keep", "--ke"}), ElementsAre("--keep"));
}

TEST_F(BashCompletion, OffersWordsFilesAndInterfacesAsValues) {
    EXPECT_THAT(offers({"run", "--block-scope", ""}), UnorderedElementsAre("tcp", "probes", "all"));
    EXPECT_THAT(offers({"run", "--block-scope", "=", "pr"}), ElementsAre("probes"));
    EXPECT_THAT(offers({"run", "--block-scope", "="}),
                UnorderedElementsAre("tcp", "probes", "all"));
    EXPECT_THAT(offers({"run", "--config", "conf"}), ElementsAre("config.toml"));
    EXPECT_THAT(offers({"run", "--window", "6"}), IsEmpty());
    EXPECT_THAT(offers({"run", "--keep", "default"}), ElementsAre("default-route"));
    EXPECT_THAT(offers({"run", "lo"}), ElementsAre("lo"));
}

TEST(ZshCompletion, HasAFunctionForEachCommand) {
    const std::string text = Program{}.generate("zsh");
    EXPECT_THAT(text,
                AllOf(StartsWith("#compdef port-scan\n"), HasSubstr("_port_scan__allow__add()"),
                      HasSubstr("'run:attach and serve'"),
                      HasSubstr("'*--keep[stay attached\\: it'\\''s yours]'"),
                      HasSubstr("'*--config=[read options from this file]:FILE:_files'"),
                      HasSubstr(":tcp|probes|all:(tcp probes all)'")));
}

TEST(FishCompletion, NamesTheCommandOfEachOption) {
    const std::string text = Program{}.generate("fish");
    EXPECT_THAT(text,
                AllOf(HasSubstr("complete -c port-scan -n 'not __fish_seen_subcommand_from run "
                                "allow' -f -a run -d 'attach and serve'\n"),
                      HasSubstr("complete -c port-scan -n '__fish_seen_subcommand_from run' -l "
                                "config -r -F -d 'read options from this file'\n"),
                      HasSubstr("-n '__fish_seen_subcommand_from allow; and "
                                "__fish_seen_subcommand_from add' -l json -d 'print JSON'\n")));
}

} // namespace
} // namespace portscan
