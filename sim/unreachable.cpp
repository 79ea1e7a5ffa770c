// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/unreachable.h"

#include "sim/scenario.h"
#include "sim/toml_table.h"

#include <fmt/format.h>

namespace portscan {
namespace {

std::string required(TableReader &table, const char *key) {
    auto value = table.take_string(key);
    if (!value || value->empty()) table.problem(table.line(), fmt::format("lacks '{}'", key));
    return value.value_or("");
}

std::size_t count_of(TableReader &table) {
    const TomlValue value = table.take("blocks");
    if (!value) return 1;
    const auto count = value.node->value<std::int64_t>();
    if (!count || *count < 1) {
        table.problem(value.line, "'blocks' is a number above 0");
        return 1;
    }
    return static_cast<std::size_t>(*count);
}

Unreachable read_entry(const toml::table &table, Problems &problems) {
    TableReader reader{table, "[[block]]", problems};
    Unreachable entry{.file = required(reader, "file"),
                      .functions = {},
                      .text = required(reader, "text"),
                      .reason = required(reader, "reason"),
                      .blocks = count_of(reader),
                      .line = reader.line()};
    if (const TomlValue functions = reader.take("function"))
        entry.functions = list_items(functions, problems).value_or(std::vector<std::string>{});
    if (entry.functions.empty()) reader.problem(reader.line(), "lacks 'function'");
    reader.finish();
    return entry;
}

/// Marks what is left of the entry in one function; why the entry is wrong, or nothing.
std::string mark(CoverageReport &report, const Unreachable &entry, const std::string &function) {
    std::size_t named = 0;
    std::size_t marked = 0;
    for (BlockCoverage &block : report.blocks) {
        const SourceLine &line = block.lines.front();
        if (block.function != function || line.file != entry.file || line.text != entry.text)
            continue;
        ++named;
        if (block.is_covered() || block.is_exempt() || marked == entry.blocks) continue;
        block.unreachable = entry.reason;
        ++marked;
    }
    if (named == 0)
        return fmt::format("no block of {} starts at '{}' of {}: take the entry out or put its "
                           "text right",
                           function, entry.text, entry.file);
    if (marked == 0)
        return fmt::format("'{}' in {} did run: take the entry out", entry.text, function);
    return "";
}

SourceText read_list(const std::string &path) {
    try {
        return SourceText::read(path);
    } catch (const std::system_error &error) {
        throw ScenarioError{{error.what()}};
    }
}

} // namespace

std::vector<Unreachable> read_unreachable(const std::string &path) {
    const SourceText source = read_list(path);
    Problems problems{source};
    std::vector<Unreachable> list;
    try {
        const toml::table root = toml::parse(source.text(), std::string_view{path});
        TableReader file{root, "", problems};
        file.for_each_table("block", [&](const toml::table &table) {
            list.push_back(read_entry(table, problems));
        });
        file.finish();
    } catch (const toml::parse_error &error) {
        problems.add(error.source().begin.line, fmt::format("not TOML: {}", error.description()));
    }
    if (!problems.empty()) throw ScenarioError{problems.lines()};
    return list;
}

std::vector<std::string> mark_unreachable(CoverageReport &report,
                                          const std::vector<Unreachable> &list,
                                          const std::string &path) {
    std::vector<std::string> wrong;
    for (const Unreachable &entry : list)
        for (const std::string &function : entry.functions) {
            const std::string why = mark(report, entry, function);
            if (!why.empty()) wrong.push_back(fmt::format("{}:{}: {}", path, entry.line, why));
        }
    return wrong;
}

} // namespace portscan
