// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/instruction_counts.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <sstream>
#include <stdexcept>
#include <toml++/toml.h>

namespace portscan::test {
namespace {

CountRow read_row(const std::string &table, const toml::table &values) {
    CountRow row{.table = table, .key = {}, .counts = {}};
    for (const auto &[name, value] : values) {
        const std::string key{name.str()};
        if (const auto text = value.value_exact<std::string>())
            row.key[key] = *text;
        else if (const auto number = value.value_exact<std::int64_t>())
            row.counts[key] = *number;
        else
            throw std::runtime_error(fmt::format("line {}: {} is neither text nor a number",
                                                 value.source().begin.line, key));
    }
    return row;
}

std::string differences(const CountRow &before, const CountRow &now) {
    std::set<std::string> names;
    for (const auto &[name, count] : before.counts) names.insert(name);
    for (const auto &[name, count] : now.counts) names.insert(name);
    const auto text = [](const CountRow &row, const std::string &name) {
        const auto found = row.counts.find(name);
        return found == row.counts.end() ? "none" : fmt::to_string(found->second);
    };
    std::string lines;
    for (const std::string &name : names)
        if (text(before, name) != text(now, name))
            lines += fmt::format("  {}: {}, was {}\n", name, text(now, name), text(before, name));
    return lines;
}

} // namespace

std::vector<CountRow> parse_counts(std::string_view toml) {
    try {
        std::vector<CountRow> rows;
        for (const auto &[name, value] : toml::parse(toml)) {
            const std::string table{name.str()};
            const toml::array *const list = value.as_array();
            if (list == nullptr) throw std::runtime_error(table + " is no list of tables");
            for (const auto &element : *list) {
                if (!element.is_table())
                    throw std::runtime_error(table + " holds more than tables");
                rows.push_back(read_row(table, *element.as_table()));
            }
        }
        return rows;
    } catch (const toml::parse_error &error) {
        throw std::runtime_error(
            fmt::format("line {}: {}", error.source().begin.line, error.description()));
    }
}

std::string to_toml(const CountRow &row) {
    std::string text = fmt::format("[[{}]]\n", row.table);
    for (const auto &[name, value] : row.key) text += fmt::format("{} = \"{}\"\n", name, value);
    for (const auto &[name, count] : row.counts) text += fmt::format("{} = {}\n", name, count);
    return text;
}

CountVerdict compare_counts(const std::vector<CountRow> &baseline, const CountRow &now,
                            std::string_view file) {
    const auto before = std::find_if(baseline.begin(), baseline.end(), [&](const CountRow &row) {
        return row.table == now.table && row.key == now.key;
    });
    if (before == baseline.end())
        return {.passed = true,
                .text = fmt::format("{} has nothing to compare with; to hold it from now on, add:\n"
                                    "{}",
                                    file, to_toml(now))};
    if (before->counts == now.counts) return {};
    return {.passed = false,
            .text = fmt::format("{} [[{}]]: other numbers of instructions\n{}If that is meant, put "
                                "this in place of its row:\n{}",
                                file, now.table, differences(*before, now), to_toml(now))};
}

std::string version_number(std::string_view release) {
    const std::string_view number = release.substr(0, release.find_first_not_of("0123456789."));
    return std::string{number.substr(0, number.find_last_not_of('.') + 1)};
}

} // namespace portscan::test
