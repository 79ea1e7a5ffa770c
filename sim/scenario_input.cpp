// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/scenario_input.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

namespace portscan {
namespace {

/// The line of the file on which the first row of `packets` stands.
unsigned first_row_line(const TomlValue &value, const SourceText &source) {
    const std::string_view written = source.slice(value.range);
    const bool starts_with_line_end = written.substr(0, 4).find('\n') != std::string_view::npos ||
                                      written.substr(0, 5).find("\r\n") != std::string_view::npos;
    return value.line + (starts_with_line_end ? 1 : 0);
}

/// What is done while a capture runs: rows as in `packets`, of which none is a packet.
std::vector<ActionRow> parse_actions(TableReader &file) {
    const TomlValue value = file.take("actions");
    const auto text = file.take_string("actions");
    std::vector<ActionRow> actions;
    if (!text) return actions;
    try {
        const unsigned line = first_row_line(value, file.problems().source());
        for (const TextRow &row : parse_packet_text(*text, line)) {
            if (const auto *const action = std::get_if<ActionRow>(&row))
                actions.push_back(*action);
            else
                file.problem(std::get<PacketRow>(row).line,
                             "actions has a packet: the packets are those of the capture");
        }
    } catch (const TextError &error) {
        file.problem(error.line(), error.message());
    }
    return actions;
}

std::optional<ScenarioInput> parse_capture(TableReader &file) {
    const TomlValue value = file.take("capture");
    const auto filter = file.take_string("filter");
    const auto name = file.take_string("capture");
    if (!name) return std::nullopt;
    CaptureInput input{.path = beside(file.problems().source(), *name),
                       .filter = filter.value_or(""),
                       .actions = parse_actions(file),
                       .line = value.line};
    std::error_code error;
    if (std::filesystem::is_regular_file(input.path, error)) return input;
    file.problem(value.line, fmt::format("capture '{}' is not there: {} is no file (paths are "
                                         "relative to the scenario)",
                                         *name, input.path));
    return std::nullopt;
}

std::optional<ScenarioInput> parse_rows(TableReader &file) {
    const TomlValue value = file.take("packets");
    const auto text = file.take_string("packets");
    if (!text) return std::nullopt;
    const SourceText &source = file.problems().source();
    if (source.slice(value.range).find('\\') != std::string_view::npos) {
        file.problem(value.line,
                     "packets has a backslash: write rows as they are, without escapes");
        return std::nullopt;
    }
    try {
        auto rows = parse_packet_text(*text, first_row_line(value, source));
        const bool any = std::any_of(rows.begin(), rows.end(), [](const TextRow &row) {
            return std::holds_alternative<PacketRow>(row);
        });
        if (any) return rows;
        file.problem(value.line, "packets has no packet: write a row such as "
                                 "0s 10.0.0.1 > 10.0.0.9:22 S pass");
    } catch (const TextError &error) {
        file.problem(error.line(), error.message());
    }
    return std::nullopt;
}

TrafficSpec parse_traffic_entry(const toml::table &table, Problems &problems) {
    TableReader reader{table, "[[traffic]]", problems};
    TrafficSpec spec;
    const bool before = problems.empty();
    for (const TrafficKey &key : traffic_keys()) {
        const TomlValue value = reader.take(key.name);
        if (!value) continue;
        try {
            if (const auto text = option_text(value, problems)) key.set(spec, *text);
        } catch (const TrafficError &error) {
            reader.problem(value.line, error.what());
        }
    }
    reader.finish();
    try {
        if (before && problems.empty()) validate(spec);
    } catch (const TrafficError &error) {
        reader.problem(reader.line(), error.what());
    }
    return spec;
}

std::optional<ScenarioInput> parse_traffic(TableReader &file) {
    std::vector<TrafficSpec> specs;
    file.for_each_table("traffic", [&](const toml::table &table) {
        specs.push_back(parse_traffic_entry(table, file.problems()));
    });
    if (!file.problems().empty()) return std::nullopt;
    return specs;
}

/// The words of a row and where they stand in the file, up to a comment.
std::vector<TextRange> word_ranges(const SourceText &source, unsigned line) {
    const std::string_view row = source.line(line).substr(0, source.line(line).find('#'));
    const std::size_t start = source.offset(line, 1);
    std::vector<TextRange> words;
    for (std::size_t begin = row.find_first_not_of(" \t"); begin != std::string_view::npos;) {
        const std::size_t end = std::min(row.find_first_of(" \t", begin), row.size());
        // The last row may stand on the line of the closing quotes, the only one on that of both.
        const std::size_t stop = std::min(row.find_first_of("\"'", begin), end);
        if (stop > begin) words.push_back({start + begin, start + stop});
        begin = row.find_first_not_of(" \t", end);
    }
    return words;
}

Expected column(std::string key, std::string_view word, unsigned line, TextRange range) {
    return {.key = std::move(key),
            .words = {std::string{word}},
            .line = line,
            .form = ValueForm::column,
            .range = range};
}

} // namespace

std::string beside(const SourceText &source, const std::string &path) {
    return (std::filesystem::path{source.path()}.parent_path() / path).string();
}

std::optional<ScenarioInput> parse_scenario_input(TableReader &file) {
    const int inputs = file.has("capture") + file.has("traffic") + file.has("packets");
    if (inputs != 1) {
        file.problem(1, inputs == 0 ? "has no frames: give a capture, [[traffic]] or packets"
                                    : "has several of capture, [[traffic]] and packets: keep one");
    }
    if (file.has("filter") && !file.has("capture")) {
        file.problem(file.take("filter").line, "filter is for a capture: remove it");
    }
    if (file.has("actions") && !file.has("capture")) {
        file.problem(file.take("actions").line,
                     "actions is for a capture: write them among the packets");
    }
    auto capture = parse_capture(file);
    auto rows = file.has("packets") ? parse_rows(file) : std::nullopt;
    auto traffic = file.has("traffic") ? parse_traffic(file) : std::nullopt;
    for (const std::string_view key : {"packets", "traffic"}) file.take(key);
    if (capture) return capture;
    return rows ? rows : traffic;
}

std::vector<FrameExpectation> row_expectations(const std::vector<TextRow> &rows,
                                               const SourceText &source) {
    std::vector<FrameExpectation> expectations;
    std::uint64_t number = 0;
    for (const TextRow &row : rows) {
        const auto *packet = std::get_if<PacketRow>(&row);
        if (packet == nullptr) continue;
        ++number;
        if (!packet->verdict) continue;
        const auto words = word_ranges(source, packet->line);
        const std::size_t verdict = words.size() - (packet->reason ? 2 : 1);
        FrameExpectation expected{.frames = {{number, number}}, .line = packet->line};
        expected.verdict =
            column("verdict", to_string(*packet->verdict), packet->line, words.at(verdict));
        if (packet->reason) {
            expected.reason =
                column("reason", to_string(*packet->reason), packet->line, words.at(verdict + 1));
        }
        expectations.push_back(std::move(expected));
    }
    return expectations;
}

} // namespace portscan
