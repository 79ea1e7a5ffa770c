// SPDX-License-Identifier: GPL-2.0-or-later
// Files of labels: what is read is the same once it is written again, with every value in quotes.
#include "sim/labels.h"
#include "sim/scenario.h"
#include "tests/fuzz/fuzz.h"

#include <fmt/format.h>
#include <string>
#include <vector>

namespace {

using namespace portscan;

std::string in_quotes(std::string_view value) {
    std::string text = "\"";
    for (const char one : value) text.append(one == '"' ? 2 : 1, one);
    return text + '"';
}

std::string written(const std::vector<LabelledCapture> &rows) {
    std::string text = "capture,filter,scanners\n";
    for (const LabelledCapture &row : rows) {
        std::string scanners;
        for (const Prefix &scanner : row.scanners) scanners += scanner.to_string() + ';';
        text += fmt::format("{},{},{}\n", in_quotes(row.path), in_quotes(row.filter),
                            in_quotes(scanners));
    }
    return text;
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    try {
        const auto rows = parse_labels({"none/fuzz.csv", std::string{fuzz::text_of(data, size)}});
        const auto again = parse_labels({"fuzz.csv", written(rows)});
        fuzz::require(again.size() == rows.size(), "no row is lost");
        for (std::size_t i = 0; i < rows.size(); ++i) {
            fuzz::require(again[i].path == rows[i].path, "a path is read as it is written");
            fuzz::require(again[i].filter == rows[i].filter, "a filter is read as it is written");
            fuzz::require(again[i].scanners == rows[i].scanners,
                          "scanners are read as they are written");
        }
    } catch (const ScenarioError &error) {
        for (const std::string &line : error.lines()) fuzz::require_message(line);
    }
    return 0;
}
