// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <toml++/toml.h>

#include "sim/source_text.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace portscan {

/// Collects what is wrong with a file, so that one run tells everything.
class Problems {
  public:
    explicit Problems(const SourceText &source) : source_(source) {}

    void add(unsigned line, std::string_view text);
    bool empty() const { return found_.empty(); }
    /// `file:line: what is wrong and what to do`, in the order of the file.
    std::vector<std::string> lines() const;
    const SourceText &source() const { return source_; }

  private:
    struct Problem {
        unsigned line = 0;
        std::string text;
    };

    const SourceText &source_;
    std::vector<Problem> found_;
};

/// A value of a TOML file and where it stands.
struct TomlValue {
    const toml::node *node = nullptr;
    std::string key;
    unsigned line = 0; ///< of the value
    TextRange range;

    explicit operator bool() const { return node != nullptr; }
};

/// One table of a TOML file, read key by key. Wrong types and, at finish(), keys that nobody asked
/// for become problems; the reader goes on.
class TableReader {
  public:
    /// `name` as messages call the table: `[expect]`; empty for the file's top level.
    TableReader(const toml::table &table, std::string name, Problems &problems);

    /// The value of a key, if it is there. The key is known from then on.
    TomlValue take(std::string_view key);
    std::optional<std::string> take_string(std::string_view key);
    /// A table, or nullptr.
    const toml::table *take_table(std::string_view key);
    /// Calls `visit` for each table of `[[key]]`.
    void for_each_table(std::string_view key,
                        const std::function<void(const toml::table &)> &visit);

    /// Reports the keys that were never taken, each with what it may have been meant to be.
    void finish();

    unsigned line() const { return line_; }
    bool has(std::string_view key) const { return table_.contains(key); }
    Problems &problems() { return problems_; }
    void problem(unsigned line, std::string_view text);

  private:
    /// `expect.source`, for the key `source` of `[expect]`.
    std::string full_name(std::string_view key) const;

    const toml::table &table_;
    std::string name_;
    Problems &problems_;
    unsigned line_;
    std::vector<std::string> known_;
};

unsigned line_of(const toml::node &node);
TextRange range_of(const toml::node &node, const SourceText &source);

/// Items of a list: a TOML array of scalars or a comma string, each as text. A problem, and
/// nothing, for any other type.
std::optional<std::vector<std::string>> list_items(const TomlValue &value, Problems &problems);
/// An option's value as text, lists as comma strings. A problem, and nothing, for other types.
std::optional<std::string> option_text(const TomlValue &value, Problems &problems);
/// A scalar as text (`3`, `true`, `60s`); nothing for arrays, tables, floats and dates.
std::optional<std::string> scalar_text(const toml::node &node);

} // namespace portscan
