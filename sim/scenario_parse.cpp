// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/scenario.h"

#include "sim/expectation_parse.h"
#include "sim/scenario_input.h"
#include "sim/toml_table.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <system_error>

namespace portscan {
namespace {

/// Options by name, as `[detector]` and `[[case]]` hold them. Each value is tried at once, so that
/// its line can be named.
void parse_options(TableReader &reader, OptionOverrides &options) {
    for (const OptionSpec &spec : option_specs()) {
        const TomlValue value = reader.take(spec.name);
        if (!value) continue;
        auto text = option_text(value, reader.problems());
        if (!text) continue;
        if (spec.name == "allow-file") text = beside(reader.problems().source(), *text);
        try {
            DetectorOptions scratch;
            spec.set(scratch, *text);
            options.values.emplace_back(spec.name, *text);
        } catch (const OptionError &error) {
            reader.problem(value.line, error.what());
        }
    }
}

void parse_detector(TableReader &parent, std::string name, OptionOverrides &options) {
    const toml::table *const table = parent.take_table("detector");
    if (table == nullptr) return;
    TableReader reader{*table, std::move(name), parent.problems()};
    parse_options(reader, options);
    reader.finish();
}

/// Reads one scenario file.
class ScenarioReader {
  public:
    ScenarioReader(const toml::table &table, Problems &problems, ScenarioUse use) :
        file_(table, "", problems),
        use_(use) {}

    /// Everything but the source text. Of use only where no problem was found.
    Scenario read(SourceText source);

  private:
    void read_file_case(const ScenarioInput *input);
    void read_case(const toml::table &table);
    void check_expectations();

    TableReader file_;
    ScenarioUse use_;
    ScenarioCase base_;               ///< the file itself
    std::vector<ScenarioCase> cases_; ///< its `[[case]]` tables
};

void ScenarioReader::read_file_case(const ScenarioInput *input) {
    base_.limitation = file_.take_string("limitation").value_or("");
    parse_detector(file_, "[detector]", base_.options);
    if (const toml::table *const expect = file_.take_table("expect")) {
        base_.expect = parse_expectations(*expect, "[expect]", file_.problems());
    }
    if (input == nullptr) return;
    if (const auto *rows = std::get_if<std::vector<TextRow>>(input)) {
        auto columns = row_expectations(*rows, file_.problems().source());
        auto &frames = base_.expect.frames;
        frames.insert(frames.begin(), columns.begin(), columns.end());
    }
}

void ScenarioReader::read_case(const toml::table &table) {
    TableReader reader{table, "[[case]]", file_.problems()};
    ScenarioCase one{.title = fmt::format("case {}", cases_.size() + 1),
                     .line = reader.line(),
                     .options = base_.options,
                     .expect = base_.expect};
    if (auto title = reader.take_string("title")) one.title = std::move(*title);
    if (auto limitation = reader.take_string("limitation")) one.limitation = std::move(*limitation);
    parse_detector(reader, "[case.detector]", one.options);
    if (const toml::table *const expect = reader.take_table("expect")) {
        one.expect = parse_expectations(*expect, "[case.expect]", file_.problems());
        one.own_expectations = true;
    }
    parse_options(reader, one.options);
    reader.finish();
    cases_.push_back(std::move(one));
}

void ScenarioReader::check_expectations() {
    if (use_ == ScenarioUse::frames) return;
    if (cases_.empty() && base_.expect.empty()) {
        file_.problem(1, "checks nothing: add an [expect] table or verdicts to the packet rows");
    }
    for (const ScenarioCase &one : cases_) {
        if (!one.expect.empty()) continue;
        file_.problem(one.line, fmt::format("[[case]] '{}' checks nothing: add a [case.expect] "
                                            "table",
                                            one.title));
    }
}

Scenario ScenarioReader::read(SourceText source) {
    std::string title = file_.take_string("title").value_or("");
    auto input = parse_scenario_input(file_);
    read_file_case(input ? &*input : nullptr);
    file_.for_each_table("case", [&](const toml::table &table) { read_case(table); });
    file_.finish();
    // Where something else is wrong, what was meant to be checked may not have been understood.
    if (file_.problems().empty()) check_expectations();

    if (cases_.empty() || !base_.expect.empty()) cases_.insert(cases_.begin(), base_);
    // The file's limitation is told once.
    if (cases_.front().limitation.empty()) cases_.front().limitation = base_.limitation;
    return {.source = std::move(source),
            .title = std::move(title),
            .input = input ? std::move(*input) : ScenarioInput{},
            .cases = std::move(cases_)};
}

toml::table parse_toml(Problems &problems) {
    const SourceText &source = problems.source();
    try {
        return toml::parse(source.text(), std::string_view{source.path()});
    } catch (const toml::parse_error &error) {
        problems.add(error.source().begin.line, fmt::format("not TOML: {}", error.description()));
        throw ScenarioError{problems.lines()};
    }
}

} // namespace

ScenarioError::ScenarioError(std::vector<std::string> lines) :
    std::runtime_error{fmt::format("{}", fmt::join(lines, "\n"))},
    lines_(std::move(lines)) {}

Scenario parse_scenario(const SourceText &source, ScenarioUse use) {
    Problems problems{source};
    const toml::table table = parse_toml(problems);
    Scenario scenario = ScenarioReader{table, problems, use}.read(source);
    if (!problems.empty()) throw ScenarioError{problems.lines()};
    return scenario;
}

Scenario load_scenario(const std::string &path, ScenarioUse use) {
    try {
        return parse_scenario(SourceText::read(path), use);
    } catch (const std::system_error &error) {
        throw ScenarioError{{error.what()}};
    }
}

} // namespace portscan
