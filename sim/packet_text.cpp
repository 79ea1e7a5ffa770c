// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/packet_text.h"

#include "loader/options.h"
#include "sim/tcp_flags.h"
#include "sim/text_values.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace portscan {
namespace {

using Action = ActionRow::Action;
using Part = PacketRow::Part;

constexpr std::array<std::string_view, 6> action_names{"unblock",  "block",  "allow",
                                                       "disallow", "expire", "delete"};
constexpr std::array<std::string_view, 4> part_names{"whole", "tiny", "first", "later"};

constexpr std::size_t max_payload = 65'000; // with every header it still fits the length field
constexpr std::size_t first_part_size = 24; // the TCP header, and whole units of 8
constexpr std::size_t tiny_part_size = 8;   // what nmap -f sends

std::vector<std::string_view> split_words(std::string_view row) {
    constexpr std::string_view spaces = " \t\r\f\v";
    row = row.substr(0, row.find('#'));
    std::vector<std::string_view> words;
    for (auto begin = row.find_first_not_of(spaces); begin != row.npos;) {
        const auto end = std::min(row.find_first_of(spaces, begin), row.size());
        words.push_back(row.substr(begin, end - begin));
        begin = row.find_first_not_of(spaces, end);
    }
    return words;
}

/// Reads the words of one row from left to right.
class RowReader {
  public:
    RowReader(unsigned line, std::vector<std::string_view> words) :
        line_(line),
        words_(std::move(words)) {}

    TextRow read() {
        if (words_.front().starts_with('!')) return read_action();
        return read_packet();
    }

  private:
    template <typename... Arguments>
    [[noreturn]] void fail(fmt::format_string<Arguments...> format,
                           Arguments &&...arguments) const {
        throw TextError(line_, fmt::format(format, std::forward<Arguments>(arguments)...));
    }
    bool at_end() const { return next_ == words_.size(); }
    std::string_view take(std::string_view what) {
        if (at_end()) fail("the row ends where {} should stand", what);
        return words_[next_++];
    }
    void expect_end() const {
        if (!at_end()) fail("'{}' is left over at the row's end", words_[next_]);
    }

    std::chrono::nanoseconds read_time(std::string_view text) const {
        const auto time = parse_duration(text);
        if (!time) fail("'{}' is no time: write it with its unit, such as 1.5s or 500ms", text);
        return *time;
    }
    Endpoint read_endpoint(std::string_view what) {
        const std::string_view text = take(what);
        const auto endpoint = Endpoint::parse(text);
        if (!endpoint) fail("'{}' is no {}: write 10.0.0.1:22 or [2001:db8::1]:22", text, what);
        return *endpoint;
    }

    ActionRow read_action();
    PacketRow read_packet();
    void read_endpoints(PacketRow &row);
    void read_attribute(PacketRow &row, std::string_view name, std::string_view value) const;
    void read_expectation(PacketRow &row);

    unsigned line_;
    std::vector<std::string_view> words_;
    std::size_t next_ = 0;
};

ActionRow RowReader::read_action() {
    ActionRow row{.line = line_, .time = read_time(take("a time").substr(1))};
    const std::string_view name = take("an action");
    const auto *const found = std::ranges::find(action_names, name);
    if (found == action_names.end())
        fail("'{}' is no action of {}", name, fmt::join(action_names, ", "));
    row.action = static_cast<Action>(found - action_names.begin());
    if (row.action != Action::expire) {
        row.address = take("an address");
        const bool takes_prefix = row.action == Action::allow || row.action == Action::disallow;
        if (takes_prefix ? !Prefix::parse(row.address) : !Address::parse(row.address))
            fail("{} '{}': that is no address{}", name, row.address,
                 takes_prefix ? " or prefix" : "");
    }
    expect_end();
    return row;
}

PacketRow RowReader::read_packet() {
    PacketRow row{.line = line_};
    row.time = read_time(take("a time"));
    read_endpoints(row);
    const std::string_view letters = take("the TCP flags");
    const auto flags = parse_tcp_flags(letters);
    if (!flags) fail("'{}' are no TCP flags: letters of SFRPAUEC, or - for none", letters);
    row.flags = *flags;
    for (; !at_end(); ++next_) {
        const auto equals = words_[next_].find('=');
        if (equals == std::string_view::npos) break;
        read_attribute(row, words_[next_].substr(0, equals), words_[next_].substr(equals + 1));
    }
    read_expectation(row);
    expect_end();
    return row;
}

void RowReader::read_endpoints(PacketRow &row) {
    row.source = read_endpoint("source");
    if (const auto arrow = take("'>'"); arrow != ">") fail("'{}' stands where '>' is due", arrow);
    row.destination = read_endpoint("destination");
    if (!row.destination.port) {
        const Endpoint example{row.destination.address, std::uint16_t{22}};
        fail("the destination needs a port, such as {}", example.to_string());
    }
    if (row.source.address.family != row.destination.address.family)
        fail("source and destination are of different families");
}

void RowReader::read_attribute(PacketRow &row, std::string_view name,
                               std::string_view value) const {
    if (name == "vlan") {
        const auto ids = parse_vlans(value);
        if (!ids) fail("vlan={}: ids of 0 to 4095 are due, outermost first", value);
        row.vlans.insert(row.vlans.end(), ids->begin(), ids->end());
    } else if (name == "frag") {
        const auto *const found = std::find(part_names.begin() + 1, part_names.end(), value);
        if (found == part_names.end()) fail("frag={}: tiny, first or later is due", value);
        row.part = static_cast<Part>(found - part_names.begin());
    } else if (name == "payload") {
        const auto size = parse_number(value, max_payload);
        if (!size) fail("payload={}: 0 to {} bytes are due", value, max_payload);
        row.payload = *size;
    } else {
        fail("'{}' is no attribute of vlan, frag, payload", name);
    }
}

void RowReader::read_expectation(PacketRow &row) {
    if (at_end()) return;
    const std::string_view verdict = take("a verdict");
    row.verdict = parse_verdict(verdict);
    if (!row.verdict) fail("'{}' is no verdict (pass, drop, aborted)", verdict);
    if (at_end()) return;
    const std::string_view reason = take("a reason");
    row.reason = parse_reason(reason);
    if (!row.reason) fail("'{}' is no reason, such as recorded or threshold", reason);
}

} // namespace

TextError::TextError(unsigned line, const std::string &message) :
    std::runtime_error(fmt::format("line {}: {}", line, message)),
    line_(line),
    message_(message) {}

Packet PacketRow::packet() const {
    Packet packet = tcp(source.address, destination.address, destination.port.value_or(0), "-");
    packet.flags(flags).source_port(source.port.value_or(default_source_port(line))).at(time);
    const bool cut = part == Part::first || part == Part::later;
    packet.payload_size(cut ? std::max<std::size_t>(payload, 8) : payload);
    packet.vlans(vlans);
    switch (part) {
    case Part::whole:
        return packet;
    case Part::tiny:
        return packet.fragment(0, tiny_part_size);
    case Part::first:
        return packet.fragment(0, first_part_size);
    case Part::later:
        return packet.fragment(first_part_size, max_payload);
    }
    return packet;
}

std::string PacketRow::to_string() const {
    std::string row = fmt::format("{} {} > {} {}", format_duration(time), source.to_string(),
                                  destination.to_string(), format_tcp_flags(flags));
    if (!vlans.empty()) row += fmt::format(" vlan={}", fmt::join(vlans, ","));
    if (part != Part::whole)
        row += fmt::format(" frag={}", part_names.at(static_cast<std::size_t>(part)));
    if (payload != 0) row += fmt::format(" payload={}", payload);
    if (verdict) row += fmt::format(" {}", portscan::to_string(*verdict));
    if (verdict && reason) row += fmt::format(" {}", portscan::to_string(*reason));
    return row;
}

std::string ActionRow::to_string() const {
    const std::string row =
        fmt::format("!{} {}", format_duration(time), portscan::to_string(action));
    return address.empty() ? row : row + " " + address;
}

std::vector<TextRow> parse_packet_text(std::string_view text, unsigned first_line) {
    std::vector<TextRow> rows;
    for (unsigned line = first_line; !text.empty(); ++line) {
        const auto end = std::min(text.find('\n'), text.size());
        if (auto words = split_words(text.substr(0, end)); !words.empty())
            rows.push_back(RowReader{line, std::move(words)}.read());
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return rows;
}

std::uint16_t default_source_port(unsigned line) {
    return static_cast<std::uint16_t>(49152 + line % 16384);
}

std::optional<PacketRow> row_of(const Dissection &seen, std::chrono::nanoseconds time) {
    if (!seen.is_tcp) return std::nullopt;
    PacketRow row{.line = 0,
                  .time = time,
                  .source = {*seen.source, seen.source_port},
                  .destination = {*seen.destination, seen.destination_port.value_or(0)},
                  .flags = seen.tcp_flags.value_or(0)};
    switch (seen.fragment) {
    case Dissection::Fragment::none:
        if (!seen.tcp_flags) return std::nullopt;
        break;
    case Dissection::Fragment::first:
        if (!seen.destination_port) return std::nullopt;
        row.part = seen.tcp_flags ? Part::first : Part::tiny;
        break;
    case Dissection::Fragment::later:
        row.part = Part::later;
        break;
    }
    return row;
}

std::string_view to_string(Action action) {
    return action_names.at(static_cast<std::size_t>(action));
}

} // namespace portscan
