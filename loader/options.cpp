// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/options.h"

#include "loader/mapped_address.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <fstream>
#include <limits>

namespace portscan {
namespace {

constexpr std::uint32_t u32_max = std::numeric_limits<std::uint32_t>::max();

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r";
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::optional<std::uint64_t> parse_whole(std::string_view text) {
    std::uint64_t value = 0;
    const char *const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return value;
}

std::uint32_t whole_in(std::string_view option, std::string_view text, std::uint32_t least,
                       std::uint32_t most) {
    const auto value = parse_whole(text);
    if (!value || *value < least || *value > most) {
        throw OptionError(
            fmt::format("{}: '{}' is not a whole number from {} to {}", option, text, least, most));
    }
    return static_cast<std::uint32_t>(*value);
}

std::chrono::nanoseconds positive_duration(std::string_view option, std::string_view text) {
    const auto value = parse_duration(text);
    if (!value || value->count() == 0) {
        throw OptionError(fmt::format(
            "{}: '{}' is not a duration above 0 with its unit (500ms, 60s, 10m, 4h, 1d)", option,
            text));
    }
    return *value;
}

/// Calls `take` for each item of a comma list; an empty text is an empty list.
template <typename Take>
void for_each_item(std::string_view list, Take take) {
    if (trimmed(list).empty()) return;
    while (true) {
        const auto comma = list.find(',');
        take(trimmed(list.substr(0, comma)));
        if (comma == std::string_view::npos) return;
        list.remove_prefix(comma + 1);
    }
}

std::optional<PortRange> parse_port_range(std::string_view item) {
    const auto dash = item.find('-');
    const auto first = parse_whole(item.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_whole(item.substr(dash + 1));
    if (!first || !last || *last > 65535 || *first > *last) return std::nullopt;
    return PortRange{static_cast<std::uint16_t>(*first), static_cast<std::uint16_t>(*last)};
}

void set_ignore_ports(DetectorOptions &options, std::string_view text) {
    std::vector<PortRange> ranges;
    for_each_item(text, [&](std::string_view item) {
        const auto range = parse_port_range(item);
        if (!range) {
            throw OptionError(fmt::format("ignore-ports: '{}' is not a port from 0 to 65535 or a "
                                          "range of them (80,443,8000-8100)",
                                          item));
        }
        ranges.push_back(*range);
    });
    options.ignore_ports = std::move(ranges);
}

std::string get_ignore_ports(const DetectorOptions &options) {
    std::string text;
    for (const PortRange &range : options.ignore_ports) {
        if (!text.empty()) text += ',';
        text += range.first == range.last ? fmt::to_string(range.first)
                                          : fmt::format("{}-{}", range.first, range.last);
    }
    return text;
}

/// `where` leads the message: the option's name, with file and line for an entry of a file.
Prefix parse_allowed(std::string_view where, std::string_view item) {
    const auto prefix = Prefix::parse(item);
    if (!prefix) {
        throw OptionError(fmt::format("{}: '{}' is not an address or a CIDR prefix of length 0 to "
                                      "32 (IPv4) or 0 to 128 (IPv6)",
                                      where, item));
    }
    if (const auto plain = mapped_ipv4(*prefix)) {
        throw OptionError(fmt::format("{}: '{}' is {} to the detector: write that", where, item,
                                      plain->to_string()));
    }
    return *prefix;
}

void set_allow(DetectorOptions &options, std::string_view text) {
    std::vector<Prefix> allowed;
    for_each_item(text,
                  [&](std::string_view item) { allowed.push_back(parse_allowed("allow", item)); });
    options.allow = std::move(allowed);
}

std::string get_allow(const DetectorOptions &options) {
    std::string text;
    for (const Prefix &prefix : options.allow) {
        if (!text.empty()) text += ',';
        text += prefix.to_string();
    }
    return text;
}

/// Of an allow-file; without a bound /dev/zero would be read until memory ends.
constexpr std::size_t longest_line = 1000;

/// One address or prefix a line; `#` starts a comment.
void add_allow_file(DetectorOptions &options, std::string_view path) {
    std::ifstream file{std::string{path}};
    std::vector<Prefix> added;
    std::array<char, longest_line + 1> buffer{};
    unsigned number = 1;
    for (; file.getline(buffer.data(), buffer.size()); ++number) {
        const auto length = static_cast<std::size_t>(file.gcount()) - (file.eof() ? 0 : 1);
        const std::string_view line{buffer.data(), length};
        const auto entry = trimmed(line.substr(0, line.find('#')));
        if (entry.empty()) continue;
        added.push_back(parse_allowed(fmt::format("allow-file: {}:{}", path, number), entry));
    }
    if (file.gcount() == longest_line) {
        throw OptionError(fmt::format("allow-file: {}:{}: longer than {} characters: give one "
                                      "address or prefix a line",
                                      path, number, longest_line));
    }
    // A folder opens and fails on the first read, which sets badbit; the end of a file does not.
    if (!file.eof() || file.bad()) {
        throw OptionError(fmt::format("allow-file: '{}' cannot be read: give a readable file with "
                                      "one address or prefix a line",
                                      path));
    }
    options.allow.insert(options.allow.end(), added.begin(), added.end());
}

void set_block_scope(DetectorOptions &options, std::string_view text) {
    for (const auto scope : {BlockScope::tcp, BlockScope::probes, BlockScope::all}) {
        if (to_string(scope) == text) {
            options.block_scope = scope;
            return;
        }
    }
    throw OptionError(fmt::format("block-scope: '{}' is not one of tcp, probes, all", text));
}

void set_dry_run(DetectorOptions &options, std::string_view text) {
    if (text != "true" && text != "false") {
        throw OptionError(fmt::format("dry-run: '{}' is not one of true, false", text));
    }
    options.dry_run = text == "true";
}

std::string optional_text(const std::optional<std::uint32_t> &value) {
    return value ? fmt::to_string(*value) : std::string{};
}

using Options = DetectorOptions;
using Text = std::string_view;

std::vector<OptionSpec> detection_specs() {
    return {
        {"max-ports", "N", "distinct ports a source may probe before it is blocked, 1..16",
         [](Options &o, Text v) { o.max_ports = whole_in("max-ports", v, 1, 16); },
         [](const Options &o) { return fmt::to_string(o.max_ports); }},
        {"window", "TIME", "forget the ports of a source that is idle for so long",
         [](Options &o, Text v) { o.window = positive_duration("window", v); },
         [](const Options &o) { return format_duration(o.window); }},
        {"block-for", "TIME", "how long a block lasts (default: until unblocked)",
         [](Options &o, Text v) { o.block_for = positive_duration("block-for", v); },
         [](const Options &o) {
             return o.block_for ? format_duration(*o.block_for) : std::string{};
         }},
        {"block-scope", "tcp|probes|all", "what of a blocked source is dropped", set_block_scope,
         [](const Options &o) { return std::string{to_string(o.block_scope)}; }},
        {"ignore-ports", "PORTS", "ports that are never counted: 80,443,8000-8100",
         set_ignore_ports, get_ignore_ports},
        {"allow", "CIDR,...", "addresses and prefixes that are never blocked", set_allow,
         get_allow},
        {"allow-file", "FILE", "more of them, one a line, # starts a comment", add_allow_file,
         [](const Options &) { return std::string{}; }},
        {"ipv6-prefix", "BITS", "an IPv6 source is its prefix of so many bits, 32..128",
         [](Options &o, Text v) { o.ipv6_prefix = whole_in("ipv6-prefix", v, 32, 128); },
         [](const Options &o) { return fmt::to_string(o.ipv6_prefix); }},
    };
}

std::vector<OptionSpec> bound_specs() {
    return {
        {"max-sources", "N", "IPv4 sources remembered at once, 2 or more",
         [](Options &o, Text v) { o.max_sources = whole_in("max-sources", v, 2, u32_max); },
         [](const Options &o) { return fmt::to_string(o.max_sources); }},
        {"max-sources6", "N", "IPv6 sources remembered at once, 2 or more",
         [](Options &o, Text v) { o.max_sources6 = whole_in("max-sources6", v, 2, u32_max); },
         [](const Options &o) { return fmt::to_string(o.max_sources6); }},
        {"max-blocked", "N", "blocks among the IPv4 sources (default and at most: half of them)",
         [](Options &o, Text v) { o.max_blocked = whole_in("max-blocked", v, 1, u32_max / 2); },
         [](const Options &o) { return optional_text(o.max_blocked); }},
        {"max-blocked6", "N", "blocks among the IPv6 sources (default and at most: half of them)",
         [](Options &o, Text v) { o.max_blocked6 = whole_in("max-blocked6", v, 1, u32_max / 2); },
         [](const Options &o) { return optional_text(o.max_blocked6); }},
        {"dry-run", "", "decide and record everything, drop nothing", set_dry_run,
         [](const Options &o) { return std::string{o.dry_run ? "true" : "false"}; }},
        {"expire-interval", "TIME", "time between two passes of the expirer",
         [](Options &o, Text v) { o.expire_interval = positive_duration("expire-interval", v); },
         [](const Options &o) { return format_duration(o.expire_interval); }},
    };
}

void check_block_bound(std::string_view option, const std::optional<std::uint32_t> &bound,
                       std::string_view size_option, std::uint32_t size) {
    if (!bound || *bound <= size / 2) return;
    throw OptionError(fmt::format("{}: '{}' is not a whole number from 1 to {}, half of {}", option,
                                  *bound, size / 2, size_option));
}

} // namespace

const std::vector<OptionSpec> &option_specs() {
    static const std::vector<OptionSpec> specs = [] {
        std::vector<OptionSpec> all = detection_specs();
        const std::vector<OptionSpec> bounds = bound_specs();
        all.insert(all.end(), bounds.begin(), bounds.end());
        return all;
    }();
    return specs;
}

const OptionSpec *find_option(std::string_view name) {
    const auto &specs = option_specs();
    const auto found = std::find_if(specs.begin(), specs.end(),
                                    [&](const OptionSpec &spec) { return spec.name == name; });
    return found == specs.end() ? nullptr : &*found;
}

void OptionOverrides::apply(DetectorOptions &options) const {
    constexpr std::string_view adds = "allow-file";
    for (const bool adding : {false, true}) {
        for (const auto &[name, value] : values) {
            const OptionSpec *const spec = find_option(name);
            if (spec == nullptr) throw OptionError(fmt::format("{}: no such option", name));
            if ((name == adds) == adding) spec->set(options, value);
        }
    }
}

void validate(const DetectorOptions &options) {
    DetectorOptions scratch;
    for (const OptionSpec &spec : option_specs()) {
        const std::string text = spec.get(options);
        if (!text.empty()) spec.set(scratch, text);
    }
    check_block_bound("max-blocked", options.max_blocked, "max-sources", options.max_sources);
    check_block_bound("max-blocked6", options.max_blocked6, "max-sources6", options.max_sources6);
}

std::string_view to_string(BlockScope scope) {
    switch (scope) {
    case BlockScope::tcp:
        return "tcp";
    case BlockScope::probes:
        return "probes";
    case BlockScope::all:
        return "all";
    }
    return "tcp";
}

} // namespace portscan
