// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/config_file.h"
#include "loader/http_endpoint.h"
#include "tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <regex>

namespace portscan {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Both {
    DetectorOptions detector;
    ServiceOptions host;
};

Both options_of(std::string_view text) {
    Both both;
    parse_config(text, "a.toml").apply(both.detector, both.host);
    return both;
}

std::string refusal(std::string_view text) {
    try {
        options_of(text);
    } catch (const OptionError &error) {
        return error.what();
    }
    return "nothing refused";
}

TEST(ConfigFile, TakesTheNamesOfTheCommandLine) {
    const Both both = options_of(R"(
        # what an operator writes
        interfaces = ["eth0", "default-route"]
        max-ports = 4
        window = "90s"
        block-for = "1h"
        ignore-ports = [80, "8000-8100"]
        allow = "10.0.0.0/8,2001:db8::/32"
        dry-run = true
        mode = "skb"
        listen = "[::1]:9000"
        pin-dir = "/run/bpf/x"
        log-format = "json"
        no-auto-allow = true
        keep = true
    )");
    EXPECT_EQ(both.detector.max_ports, 4U);
    EXPECT_EQ(both.detector.window, std::chrono::seconds{90});
    EXPECT_EQ(both.detector.block_for, std::chrono::hours{1});
    EXPECT_THAT(both.detector.ignore_ports, ElementsAre(PortRange{80, 80}, PortRange{8000, 8100}));
    EXPECT_THAT(both.detector.allow,
                ElementsAre(*Prefix::parse("10.0.0.0/8"), *Prefix::parse("2001:db8::/32")));
    EXPECT_TRUE(both.detector.dry_run);
    EXPECT_EQ(both.host, (ServiceOptions{.interfaces = {"eth0", "default-route"},
                                         .mode = AttachMode::skb,
                                         .listen = "[::1]:9000",
                                         .pin_dir = "/run/bpf/x",
                                         .log_format = LogFormat::json,
                                         .no_auto_allow = true,
                                         .keep = true}));
}

TEST(ConfigFile, EmptyFileChangesNothing) {
    const Both both = options_of("");
    EXPECT_EQ(both.detector, DetectorOptions{});
    EXPECT_EQ(both.host, ServiceOptions{});
}

TEST(ConfigFile, UnknownKeyIsRefusedWithLineAndAdvice) {
    EXPECT_EQ(refusal("max-ports = 3\nmax-prots = 4"),
              "a.toml:2: 'max-prots' is not an option; did you mean 'max-ports'?");
    EXPECT_THAT(refusal("colour = 1"), StartsWith("a.toml:1: 'colour' is not an option; see"));
    EXPECT_THAT(refusal("[detector]\nmax-ports = 3"), StartsWith("a.toml:1: detector: give it"));
}

TEST(ConfigFile, FirstMistakeOfTheFileIsTold) {
    EXPECT_THAT(refusal("zeta = 1\nalpha = 2"), StartsWith("a.toml:1: 'zeta'"));
}

TEST(ConfigFile, ValuesAreCheckedAsOnTheCommandLine) {
    EXPECT_THAT(refusal("max-ports = 17"),
                AllOf(StartsWith("a.toml:1: max-ports: '17'"), HasSubstr("1 to 16")));
    EXPECT_THAT(refusal("window = 60"), HasSubstr("not a duration above 0 with its unit"));
    EXPECT_THAT(refusal("mode = \"fast\""), HasSubstr("auto, native, skb"));
    EXPECT_THAT(refusal("listen = \"localhost\""), HasSubstr("127.0.0.1:7979"));
    EXPECT_THAT(refusal("interfaces = [\"eth0/1\"]"), HasSubstr("'eth0/1'"));
    EXPECT_THAT(refusal("interfaces = [\"abcdefghijklmnop\"]"), HasSubstr("at most 15"));
    EXPECT_THAT(refusal("pin-dir = \"x\""), HasSubstr("absolute"));
    EXPECT_THAT(refusal("log-format = \"xml\""), HasSubstr("text, json"));
    EXPECT_THAT(refusal("keep = 1"), HasSubstr("keep: '1' is not one of true, false"));
    EXPECT_THAT(refusal("dry-run = \"yes\""), HasSubstr("true, false"));
}

TEST(ConfigFile, TypesWithoutAFormOnTheCommandLineAreRefused) {
    EXPECT_THAT(refusal("max-ports = [3, 4]"), HasSubstr("max-ports: give it in quotes"));
    EXPECT_THAT(refusal("max-ports = 3.5"), HasSubstr("max-ports: give it in quotes"));
    EXPECT_THAT(refusal("allow = [[\"10.0.0.1\"]]"), HasSubstr("allow: an item"));
    EXPECT_THAT(refusal("allow = 3.5"), HasSubstr("as a list of strings"));
}

TEST(ConfigFile, BrokenSyntaxNamesTheLine) {
    EXPECT_THAT(refusal("max-ports = 3\nwindow = \"6"), StartsWith("a.toml:2: "));
    EXPECT_THAT(refusal("max-ports = 3\nmax-ports = 4"), StartsWith("a.toml:2: "));
}

TEST(ConfigFile, AllowFileIsRelativeToTheFile) {
    const test::TemporaryDirectory directory;
    std::ofstream{directory / "allowed"} << "10.0.0.1\n";
    std::ofstream{directory / "a.toml"} << "allow = [\"10.0.0.2\"]\nallow-file = \"allowed\"\n";
    Both both;
    read_config_file(directory / "a.toml").apply(both.detector, both.host);
    EXPECT_THAT(both.detector.allow,
                ElementsAre(*Prefix::parse("10.0.0.2"), *Prefix::parse("10.0.0.1")));
}

/// The file that packages install, and what it would be with every comment sign taken away.
TEST(ConfigFile, ExampleIsValidAndNamesEveryOptionWithItsDefault) {
    const std::string path = PORTSCAN_SOURCE_DIR "/loader/deploy/xdp-portscan.toml";
    Both installed;
    read_config_file(path).apply(installed.detector, installed.host);
    EXPECT_EQ(installed.detector, (DetectorOptions{.block_for = std::chrono::hours{1}}));
    EXPECT_EQ(installed.host, (ServiceOptions{.interfaces = {"default-route"}}));

    std::ifstream file{path};
    std::string spelled_out;
    const std::regex commented{"# ([a-z0-9-]+ = .*)"};
    for (std::string line; std::getline(file, line);) {
        std::smatch found;
        spelled_out += (std::regex_match(line, found, commented) ? found[1].str() : line) + '\n';
    }
    Both all = options_of(spelled_out);
    EXPECT_EQ(all.host, installed.host);
    EXPECT_EQ(all.detector.max_blocked, DetectorOptions{}.blocked_limit());
    EXPECT_EQ(all.detector.max_blocked6, DetectorOptions{}.blocked_limit6());
    all.detector.max_blocked.reset();
    all.detector.max_blocked6.reset();
    EXPECT_EQ(all.detector, installed.detector);
    for (const OptionSpec &spec : option_specs())
        EXPECT_THAT(spelled_out, HasSubstr("\n" + std::string{spec.name} + " = "));
    for (const ServiceOptionSpec &spec : service_option_specs())
        EXPECT_THAT(spelled_out, HasSubstr("\n" + std::string{spec.name} + " = "));
}

TEST(ConfigFile, FileThatIsNotThereIsAnErrorOnlyWhereItWasNamed) {
    const test::TemporaryDirectory directory;
    EXPECT_FALSE(read_config_file_if_any(directory / "none").has_value());
    EXPECT_THROW(read_config_file(directory / "none"), OptionError);
    EXPECT_THROW(read_config_file_if_any(directory / "."), OptionError);
    EXPECT_TRUE(read_config_file(directory.write("empty", {})).service.empty());
}

TEST(Settings, LaterSourcesWin) {
    Both both;
    parse_config("max-ports = 4\nkeep = true\nmode = \"skb\"", "a.toml")
        .apply(both.detector, both.host);
    Settings command_line;
    command_line.add("max-ports", "2");
    command_line.add("keep", "false");
    command_line.apply(both.detector, both.host);
    EXPECT_EQ(both.detector.max_ports, 2U);
    EXPECT_FALSE(both.host.keep);
    EXPECT_EQ(both.host.mode, AttachMode::skb);
}

TEST(ConfigFile, WithoutAnEndIsRefused) {
    try {
        read_config_file("/dev/zero");
        ADD_FAILURE() << "nothing refused";
    } catch (const OptionError &error) {
        EXPECT_THAT(error.what(), HasSubstr("/dev/zero: is no configuration"));
    }
}

TEST(ServiceOptions, EveryValueReadsBack) {
    ServiceOptions options;
    for (const ServiceOptionSpec &spec : service_option_specs()) spec.set(options, spec.get({}));
    EXPECT_EQ(options, ServiceOptions{});
}

TEST(HttpEndpoint, TakesBothFamiliesAndNoNames) {
    EXPECT_EQ(HttpEndpoint::parse("127.0.0.1:7979")->to_string(), "127.0.0.1:7979");
    EXPECT_EQ(HttpEndpoint::parse("[::1]:0")->to_string(), "[::1]:0");
    EXPECT_EQ(HttpEndpoint::parse(":80")->to_string(), "0.0.0.0:80");
    for (const char *const text :
         {"", ":", "7979", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80",
          "[127.0.0.1]:80", "[]:80", "[::1]", "localhost:80", "127.0.0.1:80 "}) {
        EXPECT_FALSE(HttpEndpoint::parse(text).has_value()) << text;
    }
}

} // namespace
} // namespace portscan
