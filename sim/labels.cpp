// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/labels.h"

#include "loader/file_content.h"
#include "sim/scenario.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

namespace portscan {
namespace {

constexpr std::string_view header = "capture,filter,scanners";
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf"; // spreadsheets write one
constexpr std::size_t largest_file = std::size_t{16} * 1024 * 1024;
constexpr std::size_t most_complaints = 20;

/// What is wrong with a line, for people.
class LabelError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

/// Takes a value in quotes from the front of the text, the quotes too.
std::string take_quoted(std::string_view &text) {
    std::string value;
    for (text.remove_prefix(1);;) {
        const auto quote = text.find('"');
        if (quote == std::string_view::npos)
            throw LabelError("a quote is opened and not closed in this line: put one at the end of "
                             "the value");
        value += text.substr(0, quote);
        text.remove_prefix(quote + 1);
        if (!text.starts_with('"')) return value;
        value += '"'; // two of them are one that is meant
        text.remove_prefix(1);
    }
}

/// Takes a value from the front of the text, up to the comma behind it or the end.
std::string take_value(std::string_view &text) {
    const auto blanks = std::min(text.find_first_not_of(" \t"), text.size());
    if (!text.substr(blanks).starts_with('"')) {
        const auto comma = std::min(text.find(','), text.size());
        const std::string_view value = trimmed(text.substr(0, comma));
        if (value.find('"') != std::string_view::npos)
            throw LabelError("a quote within a value: put the whole value in quotes, and two "
                             "quotes for each one in it");
        text.remove_prefix(comma);
        return std::string{value};
    }
    text.remove_prefix(blanks);
    std::string value = take_quoted(text);
    const auto comma = std::min(text.find(','), text.size());
    if (!trimmed(text.substr(0, comma)).empty())
        throw LabelError("text behind a closing quote: only a comma may follow it");
    text.remove_prefix(comma);
    return std::string{trimmed(value)};
}

std::vector<std::string> values_of(std::string_view line) {
    const bool has_control_character = std::any_of(line.begin(), line.end(), [](unsigned char c) {
        return (c < 0x20 && c != '\t') || c == 0x7f;
    });
    if (has_control_character)
        throw LabelError("a control character: is this a text file with commas (CSV)?");
    std::vector<std::string> values;
    while (true) {
        values.push_back(take_value(line));
        if (line.empty()) return values;
        line.remove_prefix(1);
    }
}

std::vector<Prefix> scanners_of(std::string_view text) {
    std::vector<Prefix> scanners;
    while (!text.empty()) {
        const auto end = std::min(text.find(';'), text.size());
        const std::string_view word = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (word.empty()) continue;
        const auto prefix = Prefix::parse(word);
        if (!prefix)
            throw LabelError(fmt::format("'{}' is no address or prefix: name scanners such as "
                                         "10.0.0.7;2001:db8::/64",
                                         word));
        if (std::find(scanners.begin(), scanners.end(), *prefix) == scanners.end())
            scanners.push_back(*prefix);
    }
    return scanners;
}

/// Reads the lines one after the other.
class Reader {
  public:
    explicit Reader(const SourceText &source) : source_(source) {}

    std::vector<LabelledCapture> rows() {
        for (unsigned number = 1; number <= source_.line_count(); ++number) {
            try {
                read_line(number);
            } catch (const LabelError &error) {
                complain(number, error.what());
            }
            if (!header_read_ && !complaints_.empty()) break;
        }
        if (complaints_.empty() && rows_.empty())
            complain(1, fmt::format("labels no capture: write '{}' and a line for each", header));
        if (!complaints_.empty()) throw ScenarioError{shown_complaints()};
        return std::move(rows_);
    }

  private:
    std::string where(unsigned number) const {
        return fmt::format("{}:{}", source_.path(), number);
    }
    void complain(unsigned number, std::string_view why) {
        complaints_.push_back(fmt::format("{}: {}", where(number), why));
    }
    std::vector<std::string> shown_complaints() {
        if (complaints_.size() <= most_complaints) return complaints_;
        const std::size_t hidden = complaints_.size() - most_complaints;
        complaints_.resize(most_complaints);
        complaints_.push_back(fmt::format("{}: {} more lines are wrong", source_.path(), hidden));
        return complaints_;
    }

    void read_line(unsigned number) {
        std::string_view line = source_.line(number);
        if (number == 1 && line.starts_with(byte_order_mark))
            line.remove_prefix(byte_order_mark.size());
        if (trimmed(line).empty() || trimmed(line).starts_with('#')) return;
        const std::vector<std::string> values = values_of(line);
        if (!std::exchange(header_read_, true))
            check_header(values);
        else
            add_row(number, values);
    }

    void check_header(const std::vector<std::string> &values) {
        if (fmt::format("{}", fmt::join(values, ",")) == header) return;
        header_read_ = false;
        throw LabelError(fmt::format("the first line has to be '{}'", header));
    }

    void add_row(unsigned number, const std::vector<std::string> &values) {
        if (values.size() != 3)
            throw LabelError(fmt::format("{} where three are wanted, {}: leave those empty that "
                                         "you do not need, as in 'a.pcap,,', and put quotes around "
                                         "one that has a comma",
                                         values.size() == 1
                                             ? std::string{"one value"}
                                             : fmt::format("{} values", values.size()),
                                         header));
        if (values[0].empty()) throw LabelError("no capture is named: name its file first");
        if (values[0] == "-") throw LabelError("standard input can be read only once: name a file");
        const auto [first, is_new] = lines_.try_emplace({values[0], values[1]}, number);
        if (!is_new)
            throw LabelError(fmt::format("the same capture and filter as in line {}: name all its "
                                         "scanners there, separated by semicolons",
                                         first->second));
        const auto folder = std::filesystem::path{source_.path()}.parent_path();
        rows_.push_back({.where = where(number),
                         .path = (folder / values[0]).string(),
                         .filter = values[1],
                         .scanners = scanners_of(values[2])});
    }

    const SourceText &source_;
    bool header_read_ = false;
    std::vector<LabelledCapture> rows_{};
    std::map<std::pair<std::string, std::string>, unsigned> lines_{}; ///< of capture and filter
    std::vector<std::string> complaints_{};
};

} // namespace

std::vector<LabelledCapture> parse_labels(const SourceText &source) {
    return Reader{source}.rows();
}

std::vector<LabelledCapture> load_labels(const std::string &path) {
    try {
        return parse_labels({path, read_content(path, largest_file)});
    } catch (const std::system_error &error) {
        if (error.code() != std::errc::file_too_large)
            throw ScenarioError{{fmt::format("{}: cannot be read: {}", path.empty() ? "''" : path,
                                             error.code().message())}};
        throw ScenarioError{{fmt::format("{}: larger than {} MiB: is this a file of labels ('{}')?",
                                         path, largest_file / 1024 / 1024, header)}};
    }
}

} // namespace portscan
