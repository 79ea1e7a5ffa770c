// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/source_text.h"

#include "loader/file_content.h"

#include <algorithm>

namespace portscan {
namespace {

bool is_continuation_byte(char c) {
    return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

} // namespace

SourceText::SourceText(std::string path, std::string text) :
    path_(std::move(path)),
    text_(std::move(text)),
    starts_{0} {
    for (std::size_t i = 0; i < text_.size(); ++i) {
        if (text_[i] == '\n' && i + 1 < text_.size()) starts_.push_back(i + 1);
    }
}

SourceText SourceText::read(const std::string &path) {
    constexpr std::size_t most = std::size_t{16} * 1024 * 1024;
    return {path, read_content(path, most)};
}

std::size_t SourceText::offset(unsigned line_number, unsigned column) const {
    const std::string_view content = line(line_number);
    std::size_t index = 0;
    for (unsigned left = column; index < content.size(); ++index) {
        if (!is_continuation_byte(content[index]) && --left == 0) break;
    }
    const bool known = line_number >= 1 && line_number <= starts_.size();
    return known ? starts_[line_number - 1] + index : text_.size();
}

unsigned SourceText::line_of(std::size_t offset) const {
    const auto after = std::upper_bound(starts_.begin(), starts_.end(), offset);
    return static_cast<unsigned>(after - starts_.begin());
}

std::string_view SourceText::line(unsigned number) const {
    if (number < 1 || number > starts_.size()) return {};
    const std::size_t begin = starts_[number - 1];
    std::string_view content = std::string_view{text_}.substr(begin);
    content = content.substr(0, content.find('\n'));
    if (content.ends_with('\r')) content.remove_suffix(1);
    return content;
}

std::string_view SourceText::slice(TextRange range) const {
    return std::string_view{text_}.substr(range.begin, range.end - range.begin);
}

std::string apply_edits(std::string_view text, std::vector<TextEdit> edits) {
    std::sort(edits.begin(), edits.end(),
              [](const TextEdit &a, const TextEdit &b) { return a.range.begin < b.range.begin; });
    std::string result;
    std::size_t done = 0;
    for (const TextEdit &edit : edits) {
        result += text.substr(done, edit.range.begin - done);
        result += edit.text;
        done = edit.range.end;
    }
    return result.append(text.substr(done));
}

} // namespace portscan
