// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"
#include "loader/events.h"
#include "loader/registry.h"
#include "loader/token_bucket.h"
#include "loader/wall_clock.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace portscan {

enum class LogFormat : std::uint8_t { text, json };

/// `text`, `json`; nothing for any other word.
std::optional<LogFormat> parse_log_format(std::string_view text);
std::string_view to_string(LogFormat format);

/// A source became blocked, or is blocked no longer.
struct BlockChange {
    enum class Kind : std::uint8_t { blocked, unblocked };

    Kind kind = Kind::blocked;
    Prefix source;
    std::uint64_t time_ns = 0;                 ///< of the change, on the program's clock
    std::vector<std::uint16_t> ports;          ///< recorded, in order
    std::optional<std::uint16_t> trigger_port; ///< none for a block by hand
    std::string interface;                     ///< by which the trigger came; empty for none
    std::string why;                           ///< `threshold`, `by hand`, `block-for is over` ...
    bool dry_run = false;                      ///< nothing is dropped
};

/// The program blocked a source: reason `threshold`.
BlockChange block_of(const BlockEvent &event, std::string_view interface);
/// The record's block was made, or lifted, at `time_ns`.
BlockChange change_of(BlockChange::Kind kind, const SourceRecord &record, std::uint64_t time_ns,
                      std::string_view interface, std::string_view why);

/// How many lines a flood may write. What is more is counted instead.
struct LogRate {
    std::uint64_t burst = 50;
    std::uint64_t per_second = 10;
};

/// Writes one line for each change. Under flood it says how many it left out, in a line before the
/// next that is let through, or at flush().
class BlockLog {
  public:
    /// `write` takes a line without its end.
    BlockLog(LogFormat format, std::function<void(std::string_view)> write, LogRate rate = {});

    void set_format(LogFormat format) { format_ = format; }
    /// `clock` is that of the moment: it measures the rate, and places the change's time.
    void add(const BlockChange &change, const WallClock &clock);
    /// Says how many were left out, where it may; with `force` (before the end) in any case.
    void flush(const WallClock &clock, bool force = false);
    /// When flush() is wanted next, on the program's clock; nothing where nothing was left out.
    std::optional<std::uint64_t> flush_due_ns(std::uint64_t now_ns);

  private:
    bool any_suppressed() const { return suppressed_blocks_ + suppressed_unblocks_ > 0; }
    void write_suppressed(const WallClock &clock);

    LogFormat format_;
    std::function<void(std::string_view)> write_;
    LogRate rate_;
    TokenBucket bucket_;
    std::uint64_t suppressed_blocks_ = 0;
    std::uint64_t suppressed_unblocks_ = 0;
};

} // namespace portscan
