// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"
#include "loader/verdict.h"
#include "sim/dissect.h"
#include "sim/endpoint.h"
#include "sim/packet.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace portscan {

/// A row that cannot be read. what() is one line, `line 7: ...`; message() is what stands after
/// the colon.
class TextError : public std::runtime_error {
  public:
    TextError(unsigned line, const std::string &message);
    unsigned line() const { return line_; }
    const std::string &message() const { return message_; }

  private:
    unsigned line_;
    std::string message_;
};

/// `TIME SRC[:PORT] > DST:PORT FLAGS [ATTRIBUTE...] [VERDICT [REASON]]`: a TCP packet and what is
/// expected of it.
struct PacketRow {
    /// Which part of the packet the row sends.
    enum class Part : std::uint8_t {
        whole,
        tiny,  ///< `frag=tiny`: the first 8 bytes of TCP, ports without flags
        first, ///< `frag=first`: the first fragment, with the whole TCP header
        later, ///< `frag=later`: the fragment after that, without ports
    };

    unsigned line = 0;
    std::chrono::nanoseconds time{0};
    Endpoint source{}; ///< without a port: default_source_port(line)
    Endpoint destination{};
    std::uint8_t flags = 0;
    std::vector<std::uint16_t> vlans{}; ///< `vlan=7`, `vlan=100,7`: outermost first
    Part part = Part::whole;
    std::size_t payload = 0; ///< `payload=N` bytes of zeros; fragments have 8 at least
    std::optional<Verdict> verdict{};
    std::optional<Reason> reason{};

    Packet packet() const;
    /// The row as text that parses to itself.
    std::string to_string() const;
};

/// `!TIME unblock ADDR` and its like.
struct ActionRow {
    enum class Action : std::uint8_t { unblock, block, allow, disallow, expire, erase };

    unsigned line = 0;
    std::chrono::nanoseconds time{0};
    Action action = Action::expire;
    std::string address{}; ///< as written, valid; empty for expire

    std::string to_string() const;
};

using TextRow = std::variant<PacketRow, ActionRow>;

/// Rows in their order; `#` starts a comment. Times may run backwards. `first_line` is the number
/// of the text's first line, for texts inside a file. Throws TextError at the first row that is
/// wrong.
std::vector<TextRow> parse_packet_text(std::string_view text, unsigned first_line = 1);

/// 49152..65535 (RFC 6335, section 6): the same for the same line, different for lines nearby.
std::uint16_t default_source_port(unsigned line);

/// The row that sends a packet like the one read; nothing where a row cannot say it (not TCP,
/// malformed, not read to its end).
std::optional<PacketRow> row_of(const Dissection &seen, std::chrono::nanoseconds time);

std::string_view to_string(ActionRow::Action action);

} // namespace portscan
