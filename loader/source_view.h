// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/pinned_state.h"
#include "loader/registry.h"
#include "loader/wall_clock.h"

#include <fmt/format.h>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace portscan {

/// Sources as an operator sees them, at one moment.
class SourceView {
  public:
    /// The state must outlive this.
    SourceView(const PinnedState &state, WallClock clock) : state_{&state}, clock_{clock} {}

    /// A block whose duration is not over. Of a dry run too, though nothing is dropped then.
    bool is_blocked(const SourceRecord &record) const;
    /// When the block ends, ns of the program's clock; nothing: not by itself.
    std::optional<std::uint64_t> until_ns(const SourceRecord &record) const;

    /// A head line and a line for each record.
    std::vector<std::string> table(const std::vector<SourceRecord> &records) const;
    /// All that is known of one source, a line for each fact. `record`: null if there is none.
    std::vector<std::string> details(const Prefix &source, const SourceRecord *record) const;
    /// Adds a JSON object in one line (docs/loader.md), without an end of line.
    void append_json(fmt::memory_buffer &text, const SourceRecord &record) const;

  private:
    bool drops_nothing(const SourceRecord &record) const;
    std::string_view state_of(const SourceRecord &record) const;
    std::string until_text(const SourceRecord &record) const;
    std::string trigger_text(const SourceRecord &record) const;
    std::vector<std::string> facts(const SourceRecord &record) const;
    const std::string &interface_json(unsigned ifindex) const;

    const PinnedState *state_;
    WallClock clock_;
    mutable std::map<unsigned, std::string> interfaces_; ///< names as JSON, by index
};

/// `22,23,25`; `-` for none.
std::string join_ports(std::span<const std::uint16_t> ports);
/// Rows as columns two blanks apart, the last one as it is.
std::vector<std::string> align_columns(const std::vector<std::vector<std::string>> &rows);

} // namespace portscan
