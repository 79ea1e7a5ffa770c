// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/rewrite.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace portscan {
namespace {

/// The quote that stands at the start of a value, or `"`.
char quote_of(const SourceText &source, TextRange range) {
    const std::string_view text = source.slice(range);
    return !text.empty() && text.front() == '\'' ? '\'' : '"';
}

std::string in_quotes(std::string_view word, char quote) {
    return fmt::format("{0}{1}{0}", quote, word);
}

/// Comments and line ends of a text, without the values and commas around them.
std::string comments_of(std::string_view text) {
    std::string kept;
    bool in_comment = false;
    for (const char c : text) {
        if (c == '#') in_comment = true;
        if (c == '\n') in_comment = false;
        if (in_comment || c == '\n' || c == ' ' || c == '\t') kept += c;
    }
    return kept.find('#') == std::string::npos ? "" : kept;
}

class ArrayRewriter {
  public:
    ArrayRewriter(const SourceText &source, const Expected &expected,
                  const std::vector<std::string> &words) :
        source_(source),
        expected_(expected),
        words_(words) {}

    std::vector<TextEdit> edits() {
        const std::size_t common = std::min(words_.size(), expected_.items.size());
        for (std::size_t i = 0; i < common; ++i) {
            if (words_[i] != expected_.words[i]) edits_.push_back({expected_.items[i], item(i)});
        }
        if (words_.size() > common) append(common);
        if (expected_.items.size() > common) remove_from(common);
        return std::move(edits_);
    }

  private:
    std::string item(std::size_t index) const {
        if (expected_.bare_words) return words_[index];
        const char quote =
            expected_.items.empty() ? '"' : quote_of(source_, expected_.items.front());
        return in_quotes(words_[index], quote);
    }

    /// The place after the first `count` items.
    std::size_t end_of(std::size_t count) const {
        return count == 0 ? expected_.range.begin + 1 : expected_.items[count - 1].end;
    }

    void append(std::size_t present) {
        std::string text;
        for (std::size_t i = present; i < words_.size(); ++i) {
            text += fmt::format("{}{}", i == 0 ? "" : ", ", item(i));
        }
        const std::size_t place = end_of(present);
        edits_.push_back({{place, place}, text});
    }

    void remove_from(std::size_t kept) {
        const TextRange range{end_of(kept), expected_.items.back().end};
        // With a trailing comma behind the last item nothing may stay before it but an item.
        const std::string_view rest = source_.slice({range.end, expected_.range.end});
        const std::size_t next = rest.find_first_not_of(" \t\r\n");
        const bool comma_left = kept == 0 && rest[next] == ',';
        edits_.push_back({{range.begin, range.end + (comma_left ? next + 1 : 0)},
                          comments_of(source_.slice(range))});
    }

    const SourceText &source_;
    const Expected &expected_;
    const std::vector<std::string> &words_;
    std::vector<TextEdit> edits_;
};

} // namespace

Rewrite rewrite_value(const SourceText &source, const Expected &expected,
                      const std::vector<std::string> &words) {
    Rewrite rewrite{.value = expected.range, .edits = {}};
    switch (expected.form) {
    case ValueForm::bare:
    case ValueForm::column:
        rewrite.edits = {{expected.range, words.size() == 1
                                              ? words.front()
                                              : fmt::format("[{}]", fmt::join(words, ", "))}};
        break;
    case ValueForm::quoted:
        rewrite.edits = {
            {expected.range, in_quotes(words.front(), quote_of(source, expected.range))}};
        break;
    case ValueForm::comma_string: {
        const bool spaced = source.slice(expected.range).find(", ") != std::string_view::npos;
        const std::string list = fmt::format("{}", fmt::join(words, spaced ? ", " : ","));
        rewrite.edits = {{expected.range, in_quotes(list, quote_of(source, expected.range))}};
        break;
    }
    case ValueForm::array:
        rewrite.edits = ArrayRewriter{source, expected, words}.edits();
        break;
    }
    return rewrite;
}

} // namespace portscan
