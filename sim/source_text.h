// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace portscan {

/// Bytes `begin` up to, not including, `end` of a text.
struct TextRange {
    std::size_t begin = 0;
    std::size_t end = 0;

    bool empty() const { return begin == end; }
    bool operator==(const TextRange &) const = default;
};

/// The text of a file that people wrote, with its lines. Lines and columns count from 1; columns
/// count code points, as the TOML reader does.
class SourceText {
  public:
    SourceText(std::string path, std::string text);
    /// Throws std::system_error where the file cannot be read.
    static SourceText read(const std::string &path);

    const std::string &path() const { return path_; }
    const std::string &text() const { return text_; }

    /// The byte at which a code point stands; the end of the line where the column is beyond it.
    std::size_t offset(unsigned line, unsigned column) const;
    unsigned line_of(std::size_t offset) const;
    /// Without its line end; empty beyond the last line.
    std::string_view line(unsigned number) const;
    std::string_view slice(TextRange range) const;
    unsigned line_count() const { return static_cast<unsigned>(starts_.size()); }

  private:
    std::string path_;
    std::string text_;
    std::vector<std::size_t> starts_; ///< byte offset of each line
};

/// One replacement in a text.
struct TextEdit {
    TextRange range;
    std::string text{};

    bool operator==(const TextEdit &) const = default;
};

/// The text after the edits, which must not overlap; in any order.
std::string apply_edits(std::string_view text, std::vector<TextEdit> edits);

} // namespace portscan
