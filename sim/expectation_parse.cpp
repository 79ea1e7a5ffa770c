// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/expectation_parse.h"

#include "loader/counters.h"
#include "loader/options.h"
#include "sim/expectation_fields.h"
#include "sim/time_text.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace portscan {
namespace {

template <typename Integer>
std::optional<Integer> parse_integer(std::string_view text) {
    Integer value{};
    const char *const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stop != end || text.empty()) return std::nullopt;
    return value;
}

/// `12.5` (seconds) or `1500ms`, as nanoseconds.
std::optional<std::uint64_t> parse_time(const std::string &text) {
    const bool bare = !text.empty() && text.find_first_not_of("0123456789.") == std::string::npos;
    const auto duration = parse_duration(bare ? text + "s" : text);
    if (!duration || duration->count() < 0) return std::nullopt;
    return static_cast<std::uint64_t>(duration->count());
}

std::optional<std::string> canonical_time(const std::string &text) {
    const auto time = parse_time(text);
    if (!time) return std::nullopt;
    return format_seconds(*time);
}

/// The text itself where `known` holds.
std::optional<std::string> word_if(bool known, const std::string &text) {
    return known ? std::optional{text} : std::nullopt;
}

/// What the kind allows, for messages.
std::string_view kind_text(ValueKind kind) {
    switch (kind) {
    case ValueKind::count:
        return "a number from 0 up";
    case ValueKind::boolean:
        return "true or false";
    case ValueKind::verdict:
        return "a verdict: pass, drop, aborted, tx, redirect";
    case ValueKind::reason:
        return "a reason: malformed, not_ip, not_tcp, not_probe, ignored, known, allowlisted, "
               "recorded, blocked, threshold, block_refused, insert_failed, contention, fault";
    case ValueKind::state:
        return "a state: active, expired, evicted, unblocked";
    case ValueKind::port:
        return "a port from 0 to 65535";
    case ValueKind::source:
        return "an address or a prefix";
    case ValueKind::time:
        return "a time in quotes, such as \"12.500000000\" or \"1500ms\"";
    case ValueKind::time_or_never:
        return "a time in quotes, such as \"12.5\", or \"never\"";
    }
    return "";
}

/// Takes a key whose value is one word of the kind.
std::optional<Expected> take_word(TableReader &reader, std::string_view key, ValueKind kind) {
    const TomlValue value = reader.take(key);
    if (!value) return std::nullopt;
    const auto text = scalar_text(*value.node);
    const auto word = text ? canonical_word(kind, *text) : std::nullopt;
    if (!word) {
        const std::string_view written = reader.problems().source().slice(value.range);
        reader.problem(value.line,
                       fmt::format("{} = {} is not {}", key, written.substr(0, written.find('\n')),
                                   kind_text(kind)));
        return std::nullopt;
    }
    return Expected{.key = value.key,
                    .words = {*word},
                    .line = value.line,
                    .form = value.node->is_string() ? ValueForm::quoted : ValueForm::bare,
                    .range = value.range};
}

/// Takes a key whose value is a list of words of the kind.
std::optional<Expected> take_list(TableReader &reader, std::string_view key, ValueKind kind) {
    const TomlValue value = reader.take(key);
    if (!value) return std::nullopt;
    const auto items = list_items(value, reader.problems());
    if (!items) return std::nullopt;
    Expected expected{.key = value.key, .line = value.line, .range = value.range};
    for (const std::string &item : *items) {
        if (const auto word = canonical_word(kind, item))
            expected.words.push_back(*word);
        else
            reader.problem(value.line,
                           fmt::format("{}: '{}' is not {}", key, item, kind_text(kind)));
    }
    if (value.node->is_string()) expected.form = ValueForm::comma_string;
    if (const auto *array = value.node->as_array()) {
        expected.form = ValueForm::array;
        expected.bare_words = kind == ValueKind::port;
        for (const toml::node &item : *array) {
            expected.items.push_back(range_of(item, reader.problems().source()));
        }
    }
    return expected;
}

void add(std::vector<Expected> &list, std::optional<Expected> expected) {
    if (expected) list.push_back(std::move(*expected));
}

/// `skipped = 3`, or a table with a number for each reason.
void parse_skipped(TableReader &reader, const std::string &name, std::vector<Expected> &totals) {
    const TomlValue value = reader.take("skipped");
    if (!value) return;
    const auto *table = value.node->as_table();
    if (table == nullptr) return add(totals, take_word(reader, "skipped", ValueKind::count));
    TableReader reasons{*table, fmt::format("{} skipped", name), reader.problems()};
    for (const std::string &reason : skip_keys()) {
        auto expected = take_word(reasons, reason, ValueKind::count);
        if (!expected) continue;
        expected->key = "skipped." + reason;
        totals.push_back(std::move(*expected));
    }
    reasons.finish();
}

BlockExpectation parse_block(const toml::table &table, Problems &problems) {
    TableReader reader{table, "[[expect.source.blocks]]", problems};
    BlockExpectation block{.line = reader.line(), .fields = {}};
    add(block.fields, take_word(reader, "at", ValueKind::time));
    add(block.fields, take_word(reader, "frame", ValueKind::count));
    add(block.fields, take_word(reader, "trigger-port", ValueKind::port));
    add(block.fields, take_word(reader, "until", ValueKind::time_or_never));
    reader.finish();
    return block;
}

BlockExpectation parse_event(const toml::table &table, Problems &problems) {
    TableReader reader{table, "[[expect.source.events]]", problems};
    BlockExpectation event{.line = reader.line(), .fields = {}};
    add(event.fields, take_word(reader, "time", ValueKind::time));
    add(event.fields, take_list(reader, "ports", ValueKind::port));
    add(event.fields, take_word(reader, "trigger-port", ValueKind::port));
    add(event.fields, take_word(reader, "interface", ValueKind::count));
    add(event.fields, take_word(reader, "dry-run", ValueKind::boolean));
    reader.finish();
    return event;
}

void parse_source(const toml::table &table, Problems &problems, Expectations &expect) {
    TableReader reader{table, "[[expect.source]]", problems};
    SourceExpectation source{.line = reader.line()};
    const auto address = take_word(reader, "address", ValueKind::source);
    for (const SourceField &field : source_fields()) {
        add(source.fields, field.kind == ValueKind::port
                               ? take_list(reader, field.key, field.kind)
                               : take_word(reader, field.key, field.kind));
    }
    if (reader.has("blocks")) source.blocks.emplace();
    reader.for_each_table("blocks", [&](const toml::table &entry) {
        source.blocks->push_back(parse_block(entry, problems));
    });
    if (const auto *blocks = table.get("blocks")) source.blocks_line = line_of(*blocks);
    if (reader.has("events")) source.events.emplace();
    reader.for_each_table("events", [&](const toml::table &entry) {
        source.events->push_back(parse_event(entry, problems));
    });
    if (const auto *events = table.get("events")) source.events_line = line_of(*events);
    reader.finish();
    if (!reader.has("address")) reader.problem(reader.line(), "has no address: name the source");
    if (!address) return;
    source.address = *Prefix::parse(address->words.front());
    expect.sources.push_back(std::move(source));
}

void parse_frame(const toml::table &table, Problems &problems, Expectations &expect) {
    TableReader reader{table, "[[expect.frame]]", problems};
    FrameExpectation frame{.line = reader.line()};
    const TomlValue frames = reader.take("frames");
    frame.verdict = take_word(reader, "verdict", ValueKind::verdict);
    frame.reason = take_word(reader, "reason", ValueKind::reason);
    reader.finish();
    if (!frames) return reader.problem(reader.line(), "has no frames: say which, \"1-3,7\"");

    const auto items = list_items(frames, problems);
    const auto ranges = items ? parse_frames(*items) : std::nullopt;
    if (!ranges && items) {
        reader.problem(frames.line, "frames are numbers and ranges counted from 1, such as "
                                    "\"1-3,7\"");
    }
    if (!reader.has("verdict") && !reader.has("reason")) {
        reader.problem(reader.line(), "checks nothing: give a verdict or a reason");
    }
    if (!ranges || (!frame.verdict && !frame.reason)) return;
    frame.frames = *ranges;
    expect.frames.push_back(std::move(frame));
}

} // namespace

std::optional<std::string> canonical_word(ValueKind kind, const std::string &text) {
    switch (kind) {
    case ValueKind::count: {
        const auto number = parse_integer<std::uint64_t>(text);
        return number ? std::optional{std::to_string(*number)} : std::nullopt;
    }
    case ValueKind::port: {
        const auto number = parse_integer<std::uint16_t>(text);
        return number ? std::optional{std::to_string(*number)} : std::nullopt;
    }
    case ValueKind::source: {
        const auto prefix = Prefix::parse(text);
        return prefix ? std::optional{prefix->to_string()} : std::nullopt;
    }
    case ValueKind::boolean:
        return word_if(text == "true" || text == "false", text);
    case ValueKind::verdict:
        return word_if(parse_verdict(text).has_value(), text);
    case ValueKind::reason:
        return word_if(parse_reason(text).has_value(), text);
    case ValueKind::state:
        return word_if(is_source_state(text), text);
    case ValueKind::time:
        return canonical_time(text);
    case ValueKind::time_or_never:
        return text == "never" ? text : canonical_time(text);
    }
    return std::nullopt;
}

std::optional<std::vector<FrameRange>> parse_frames(const std::vector<std::string> &items) {
    std::vector<FrameRange> ranges;
    for (const std::string &item : items) {
        const std::size_t dash = std::min(item.find('-'), item.size());
        const auto first = parse_integer<std::uint64_t>(std::string_view{item}.substr(0, dash));
        const auto last =
            dash == item.size()
                ? first
                : parse_integer<std::uint64_t>(std::string_view{item}.substr(dash + 1));
        if (!first || !last || *first < 1 || *last < *first) return std::nullopt;
        ranges.push_back({*first, *last});
    }
    return ranges.empty() ? std::nullopt : std::optional{ranges};
}

Expectations parse_expectations(const toml::table &table, const std::string &name,
                                Problems &problems) {
    Expectations expect;
    TableReader reader{table, name, problems};
    parse_skipped(reader, name, expect.totals);
    for (const std::string &key : total_keys())
        add(expect.totals, take_word(reader, key, ValueKind::count));
    for (const std::string_view counter : counter_names()) // as reasons are written elsewhere
        if (counter != with_dashes(counter))
            add(expect.totals, take_word(reader, counter, ValueKind::count));
    expect.ever_blocked = take_list(reader, "ever-blocked", ValueKind::source);
    reader.for_each_table("source",
                          [&](const toml::table &entry) { parse_source(entry, problems, expect); });
    reader.for_each_table("frame",
                          [&](const toml::table &entry) { parse_frame(entry, problems, expect); });
    reader.finish();
    return expect;
}

} // namespace portscan
