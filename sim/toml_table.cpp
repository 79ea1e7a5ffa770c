// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/toml_table.h"

#include "loader/nearest_word.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sstream>

namespace portscan {
namespace {

/// "a string", "an integer".
std::string type_with_article(const toml::node &node) {
    std::ostringstream text;
    text << node.type();
    const bool vowel = std::string_view{"aeiou"}.find(text.str().front()) != std::string_view::npos;
    return (vowel ? "an " : "a ") + text.str();
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::vector<std::string> split_commas(std::string_view text) {
    std::vector<std::string> items;
    if (trimmed(text).empty()) return items;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t comma = std::min(text.find(',', begin), text.size());
        items.emplace_back(trimmed(text.substr(begin, comma - begin)));
        begin = comma + 1;
    }
    return items;
}

} // namespace

void Problems::add(unsigned line, std::string_view text) {
    found_.push_back({line, std::string{text}});
}

std::vector<std::string> Problems::lines() const {
    std::vector<Problem> sorted = found_;
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const Problem &a, const Problem &b) { return a.line < b.line; });
    std::vector<std::string> lines;
    lines.reserve(sorted.size());
    for (const Problem &problem : sorted) {
        lines.push_back(fmt::format("{}:{}: {}", source_.path(), problem.line, problem.text));
    }
    return lines;
}

unsigned line_of(const toml::node &node) {
    return node.source().begin.line;
}

TextRange range_of(const toml::node &node, const SourceText &source) {
    const toml::source_region &region = node.source();
    return {source.offset(region.begin.line, region.begin.column),
            source.offset(region.end.line, region.end.column)};
}

std::optional<std::string> scalar_text(const toml::node &node) {
    if (const auto *text = node.as_string()) return text->get();
    if (const auto *number = node.as_integer()) return std::to_string(number->get());
    if (const auto *boolean = node.as_boolean()) return boolean->get() ? "true" : "false";
    return std::nullopt;
}

std::optional<std::vector<std::string>> list_items(const TomlValue &value, Problems &problems) {
    if (const auto *text = value.node->as_string()) return split_commas(text->get());
    if (const auto *number = value.node->as_integer()) return {{std::to_string(number->get())}};
    const auto *array = value.node->as_array();
    std::vector<std::string> items;
    for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
        const auto item = scalar_text(*array->get(i));
        if (!item)
            array = nullptr;
        else
            items.push_back(*item);
    }
    if (array != nullptr) return items;
    problems.add(value.line, fmt::format("{} is neither a list nor a comma string: write it like "
                                         "[1, 2] or \"1,2\"",
                                         value.key));
    return std::nullopt;
}

std::optional<std::string> option_text(const TomlValue &value, Problems &problems) {
    if (auto text = scalar_text(*value.node)) return text;
    if (value.node->is_array()) {
        const auto items = list_items(value, problems);
        return items ? std::optional{fmt::format("{}", fmt::join(*items, ","))} : std::nullopt;
    }
    if (value.node->is_floating_point()) return std::string{problems.source().slice(value.range)};
    problems.add(value.line, fmt::format("{} is {}: give it in quotes, as on the command line",
                                         value.key, type_with_article(*value.node)));
    return std::nullopt;
}

TableReader::TableReader(const toml::table &table, std::string name, Problems &problems) :
    table_(table),
    name_(std::move(name)),
    problems_(problems),
    line_(line_of(table)) {}

TomlValue TableReader::take(std::string_view key) {
    if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
    const toml::node *const node = table_.get(key);
    if (node == nullptr) return {};
    return {node, std::string{key}, line_of(*node), range_of(*node, problems_.source())};
}

std::optional<std::string> TableReader::take_string(std::string_view key) {
    const TomlValue value = take(key);
    if (!value) return std::nullopt;
    if (const auto *text = value.node->as_string()) return text->get();
    problem(value.line, fmt::format("{} is {}: give it as a string in quotes", key,
                                    type_with_article(*value.node)));
    return std::nullopt;
}

const toml::table *TableReader::take_table(std::string_view key) {
    const TomlValue value = take(key);
    if (!value) return nullptr;
    if (const auto *table = value.node->as_table()) return table;
    problem(value.line, fmt::format("{} is {}: write it as one table, [{}]", key,
                                    type_with_article(*value.node), full_name(key)));
    return nullptr;
}

void TableReader::for_each_table(std::string_view key,
                                 const std::function<void(const toml::table &)> &visit) {
    const TomlValue value = take(key);
    if (!value) return;
    const auto *array = value.node->as_array();
    if (array == nullptr) {
        problem(value.line, fmt::format("{} is {}: write each entry as a table, [[{}]]", key,
                                        type_with_article(*value.node), full_name(key)));
        return;
    }
    for (const toml::node &entry : *array) {
        if (const auto *table = entry.as_table())
            visit(*table);
        else
            problem(line_of(entry), fmt::format("{} holds {}: each entry is a table, [[{}]]", key,
                                                type_with_article(entry), full_name(key)));
    }
}

std::string TableReader::full_name(std::string_view key) const {
    std::string name = name_;
    std::erase_if(name, [](char c) { return c == '[' || c == ']'; });
    return name.empty() ? std::string{key} : fmt::format("{}.{}", name, key);
}

void TableReader::problem(unsigned line, std::string_view text) {
    problems_.add(line, name_.empty() ? std::string{text} : fmt::format("{} {}", name_, text));
}

void TableReader::finish() {
    for (auto &&[key, node] : table_) {
        const std::string_view name = key.str();
        if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
        const std::string_view meant = nearest_word(name, known_);
        const std::string advice = meant.empty()
                                       ? fmt::format("known here: {}", fmt::join(known_, ", "))
                                       : fmt::format("did you mean '{}'?", meant);
        problem(key.source().begin.line, fmt::format("'{}' is not a known key; {}", name, advice));
    }
}

} // namespace portscan
