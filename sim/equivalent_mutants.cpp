// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/equivalent_mutants.h"

#include "sim/scenario.h"
#include "sim/toml_table.h"

#include <fmt/format.h>

namespace portscan {
namespace {

toml::table parse_toml(const SourceText &source, Problems &problems) {
    try {
        return toml::parse(source.text(), std::string_view{source.path()});
    } catch (const toml::parse_error &error) {
        problems.add(error.source().begin.line, fmt::format("not TOML: {}", error.description()));
        throw ScenarioError{problems.lines()};
    }
}

std::string required(TableReader &table, std::string_view key) {
    auto text = table.take_string(key);
    if (!table.has(key) || (text && text->empty()))
        table.problem(table.line(), fmt::format("lacks {}", key));
    return text.value_or("");
}

MutationKind take_kind(TableReader &table) {
    const std::string name = required(table, "kind");
    const auto kind = parse_mutation_kind(name);
    if (!kind && !name.empty())
        table.problem(table.line(), fmt::format("kind '{}' is none of condition, boundary, "
                                                "constant, store, arithmetic",
                                                name));
    return kind.value_or(MutationKind::condition);
}

std::size_t take_count(TableReader &table) {
    const TomlValue value = table.take("count");
    if (!value) return 1;
    const auto *const number = value.node->as_integer();
    if (number != nullptr && number->get() > 0) return static_cast<std::size_t>(number->get());
    table.problem(value.line, "count is not a number from 1 on");
    return 1;
}

void read_entry(TableReader table, std::vector<EquivalentMutants> &list) {
    EquivalentMutants entry{.line = table.line(),
                            .file = required(table, "file"),
                            .function = {},
                            .text = required(table, "text"),
                            .kind = take_kind(table),
                            .change = required(table, "change"),
                            .count = take_count(table),
                            .reason = required(table, "reason")};
    std::vector<std::string> functions;
    if (const TomlValue value = table.take("function"))
        functions = list_items(value, table.problems()).value_or(functions);
    if (functions.empty()) table.problem(table.line(), "lacks function");
    for (std::string &function : functions) {
        entry.function = std::move(function);
        list.push_back(entry);
    }
    table.finish();
}

bool same_mutants(const EquivalentMutants &a, const EquivalentMutants &b) {
    return a.file == b.file && a.function == b.function && a.text == b.text && a.kind == b.kind &&
           a.change == b.change;
}

void refuse_doubles(const std::vector<EquivalentMutants> &list, Problems &problems) {
    for (std::size_t i = 0; i < list.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (same_mutants(list[i], list[j]))
                problems.add(list[i].line,
                             fmt::format("[[equivalent]] is the one of line {} again: give that a "
                                         "count",
                                         list[j].line));
}

} // namespace

bool EquivalentMutants::covers(const Mutant &mutant) const {
    return mutant.line.file == file && mutant.function == function && mutant.line.text == text &&
           mutant.mutation.kind == kind && mutant.mutation.change == change;
}

std::vector<EquivalentMutants> parse_equivalents(const SourceText &source) {
    Problems problems{source};
    const toml::table table = parse_toml(source, problems);
    TableReader file{table, "", problems};
    std::vector<EquivalentMutants> list;
    file.for_each_table("equivalent", [&](const toml::table &entry) {
        read_entry(TableReader{entry, "[[equivalent]]", problems}, list);
    });
    file.finish();
    refuse_doubles(list, problems);
    if (!problems.empty()) throw ScenarioError{problems.lines()};
    return list;
}

EquivalentsCheck check_equivalents(const std::vector<EquivalentMutants> &list,
                                   const std::string &path,
                                   const std::vector<const Mutant *> &survivors, bool all) {
    EquivalentsCheck check{.listed = std::vector<bool>(survivors.size()), .problems = {}};
    for (const EquivalentMutants &entry : list) {
        std::size_t found = 0;
        for (std::size_t i = 0; i < survivors.size() && found < entry.count; ++i) {
            if (!entry.covers(*survivors[i])) continue;
            check.listed[i] = true;
            ++found;
        }
        if (all && found < entry.count)
            check.problems.push_back(fmt::format(
                "{}:{}: {} of {} such mutants of {} survive: killed now, or no longer there; take "
                "the rest out of the list",
                path, entry.line, found, entry.count, entry.function));
    }
    return check;
}

} // namespace portscan
