// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "tests/browser.h"
#include "tests/command_checks.h"
#include "tests/syn_capture.h"
#include "tests/temporary_directory.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace portscan {

struct Probe {
    const char *source;
    std::uint16_t port;
};

class ReportInBrowserTest : public ::testing::Test {
  protected:
    /// SYNs a second apart; the path.
    std::string capture(const std::string &name, const std::vector<Probe> &probes) const {
        const std::string path = directory_ / name;
        std::filesystem::create_directories(std::filesystem::path{path}.parent_path());
        SynCapture syns{path};
        for (const auto &[source, port] : probes) syns.from(source, {port});
        return syns.close();
    }
    /// The lines of --json of a replay whose page is open afterwards.
    std::vector<nlohmann::json> replay(const std::vector<std::string> &arguments, int status = 0) {
        std::vector<std::string> words{"replay", "--json", "--html", page_};
        words.insert(words.end(), arguments.begin(), arguments.end());
        std::vector<nlohmann::json> objects = json_lines(run_command(words), status);
        browser_.open(page_);
        return objects;
    }
    std::string text(const std::string &selector) {
        return browser_.evaluate(
            fmt::format("document.querySelector({}).innerText", nlohmann::json(selector).dump()));
    }
    /// The texts of all elements that match.
    std::vector<std::string> texts(const std::string &selector) {
        return browser_.evaluate(
            fmt::format("Array.from(document.querySelectorAll({}), (element) => element.innerText)",
                        nlohmann::json(selector).dump()));
    }
    /// What a <dl> says of a name.
    std::string value(const std::string &list, const std::string &name) {
        return browser_.evaluate(
            fmt::format("Array.from(document.querySelectorAll({}), (row) => row).find((row) => "
                        "row.querySelector('dt').textContent === "
                        "{}).querySelector('dd').firstChild.textContent",
                        nlohmann::json(list + " > div").dump(), nlohmann::json(name).dump()));
    }
    /// A column of the sources that are shown.
    std::vector<std::string> column(const std::string &title) {
        const auto titles = texts("#sources-head th");
        const auto found = std::find(titles.begin(), titles.end(), title);
        EXPECT_NE(found, titles.end()) << title;
        return texts(fmt::format("#sources-rows td:nth-child({})", found - titles.begin() + 1));
    }
    void click(const std::string &selector) {
        browser_.evaluate(
            fmt::format("document.querySelector({}).click()", nlohmann::json(selector).dump()));
    }
    void sort_by(const std::string &title) {
        browser_.evaluate(fmt::format(
            "Array.from(document.querySelectorAll('#sources-head button')).find((button) => "
            "button.textContent === {}).click()",
            nlohmann::json(title).dump()));
    }
    void focus(const std::string &selector) {
        browser_.evaluate(
            fmt::format("document.querySelector({}).focus()", nlohmann::json(selector).dump()));
    }
    /// What the timeline shows, in seconds.
    std::pair<double, double> window() {
        const nlohmann::json shown =
            browser_.evaluate("(({from, to}) => [Number(from), Number(to)])("
                              "document.querySelector('#timeline-window').dataset)");
        return {shown[0], shown[1]};
    }

    test::TemporaryDirectory directory_;
    std::string page_ = directory_ / "report.html";
    test::Browser browser_;
};

inline const std::vector<Probe> three_sources{
    {"10.0.0.1", 22}, {"10.0.0.1", 23}, {"10.0.0.20", 80},  {"10.0.0.1", 25}, {"10.0.0.1", 443},
    {"10.0.0.1", 80}, {"10.0.0.3", 1},  {"10.0.0.3", 2},    {"10.0.0.3", 3},  {"10.0.0.3", 4},
    {"10.0.0.3", 5},  {"10.0.0.3", 6},  {"10.0.0.20", 2222}};

} // namespace portscan
