// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/expectation_check.h"

#include "sim/expectation_fields.h"
#include "sim/rewrite.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace portscan {
namespace {

using Words = std::vector<std::string>;

std::string show(const Words &words, bool list) {
    return list ? fmt::format("[{}]", fmt::join(words, ", "))
                : fmt::format("{}", fmt::join(words, ", "));
}

bool is_list(const Expected &expected) {
    return expected.form == ValueForm::array || expected.form == ValueForm::comma_string;
}

/// The source that an expected address stands for.
Prefix tracked(const Prefix &address, unsigned ipv6_prefix) {
    return address.is_host() ? source_of(address.address, ipv6_prefix) : address;
}

/// Collects the findings of one report.
class ReportChecker {
  public:
    ReportChecker(const ReplayReport &report, unsigned ipv6_prefix, const SourceText &source) :
        report_(report),
        ipv6_prefix_(ipv6_prefix),
        source_(source) {}

    void check_total(const Expected &expected);
    void check_ever_blocked(const Expected &expected);
    void check_source(const SourceExpectation &expected);

    std::vector<Finding> take() { return std::move(findings_); }

  private:
    void check_words(const Expected &expected, std::string what, const std::optional<Words> &got,
                     Witness witness);
    void check_blocks(const SourceExpectation &expected, const SourceReport &got);
    void check_events(const SourceExpectation &expected, const SourceReport &got);
    const SourceReport *find(const Prefix &source) const;
    void add(Mismatch mismatch, Witness witness) {
        findings_.push_back({std::move(mismatch), std::move(witness)});
    }

    const ReplayReport &report_;
    unsigned ipv6_prefix_;
    const SourceText &source_;
    std::vector<Finding> findings_;
};

void ReportChecker::check_words(const Expected &expected, std::string what,
                                const std::optional<Words> &got, Witness witness) {
    if (got == expected.words) return;
    const bool list = is_list(expected);
    add({.line = expected.line,
         .what = std::move(what),
         .expected = show(expected.words, list),
         .got = got ? show(*got, list) : "none",
         .rewrite = got ? std::optional{rewrite_value(source_, expected, *got)} : std::nullopt},
        std::move(witness));
}

void ReportChecker::check_total(const Expected &expected) {
    const std::uint64_t got = total_value(report_, expected.key);
    check_words(expected, expected.key, Words{std::to_string(got)},
                total_witness(expected.key, std::stoull(expected.words.front())));
}

void ReportChecker::check_ever_blocked(const Expected &expected) {
    Words missing; ///< of the blocked sources, those that were not expected
    Words listed;  ///< what the file ought to list, in its own order as far as it is right
    for (const SourceReport &source : report_.sources) {
        if (!source.blocks.empty()) missing.push_back(source.address.to_string());
    }
    const Words got = missing;
    std::optional<Prefix> witness;
    for (const std::string &word : expected.words) {
        const Prefix source = tracked(*Prefix::parse(word), ipv6_prefix_);
        std::erase(missing, source.to_string());
        const bool blocked = std::find(got.begin(), got.end(), source.to_string()) != got.end();
        if (blocked)
            listed.push_back(word);
        else if (!witness)
            witness = source;
    }
    if (missing.empty() && !witness) return;
    if (!missing.empty()) witness = Prefix::parse(missing.front()); // its block can be shown
    listed.insert(listed.end(), missing.begin(), missing.end());
    add({.line = expected.line,
         .what = expected.key,
         .expected = show(expected.words, true),
         .got = show(got, true),
         .rewrite = rewrite_value(source_, expected, listed)},
        source_witness(*witness, "blocked", {}, {}));
}

const SourceReport *ReportChecker::find(const Prefix &source) const {
    const auto found = std::find_if(report_.sources.begin(), report_.sources.end(),
                                    [&](const SourceReport &one) { return one.address == source; });
    return found == report_.sources.end() ? nullptr : &*found;
}

void ReportChecker::check_source(const SourceExpectation &expected) {
    const Prefix source = tracked(expected.address, ipv6_prefix_);
    const SourceReport *const got = find(source);
    if (got == nullptr) {
        add({.line = expected.line,
             .what = fmt::format("source {}", source.to_string()),
             .expected = "probes of it",
             .got = "none"},
            source_witness(source, "first-seen", {}, {}));
        return;
    }
    for (const Expected &field : expected.fields) {
        const auto words = find_source_field(field.key)->got(*got);
        check_words(field, fmt::format("{} of {}", field.key, source.to_string()), words,
                    source_witness(source, field.key, field.words, words.value_or(Words{})));
    }
    if (expected.blocks) check_blocks(expected, *got);
    if (expected.events) check_events(expected, *got);
}

void ReportChecker::check_events(const SourceExpectation &expected, const SourceReport &got) {
    const std::string name = got.address.to_string();
    const Witness where_blocked = source_witness(got.address, "blocked", {}, {});
    if (expected.events->size() != got.events.size()) {
        add({.line = expected.events_line,
             .what = fmt::format("number of events of {}", name),
             .expected = std::to_string(expected.events->size()),
             .got = std::to_string(got.events.size())},
            where_blocked);
        return;
    }
    for (std::size_t i = 0; i < got.events.size(); ++i)
        for (const Expected &field : (*expected.events)[i].fields)
            check_words(field, fmt::format("{} of event {} of {}", field.key, i + 1, name),
                        event_field(got.events[i], field.key), where_blocked);
}

void ReportChecker::check_blocks(const SourceExpectation &expected, const SourceReport &got) {
    const std::string name = got.address.to_string();
    if (expected.blocks->size() != got.blocks.size()) {
        add({.line = expected.blocks_line,
             .what = fmt::format("number of blocks of {}", name),
             .expected = std::to_string(expected.blocks->size()),
             .got = std::to_string(got.blocks.size())},
            source_witness(got.address, "blocked", {}, {}));
        return;
    }
    for (std::size_t i = 0; i < got.blocks.size(); ++i) {
        for (const Expected &field : (*expected.blocks)[i].fields) {
            const auto word = block_field(got.blocks[i], field.key);
            check_words(field, fmt::format("{} of block {} of {}", field.key, i + 1, name),
                        word ? std::optional{Words{*word}} : std::nullopt,
                        frame_witness(got.blocks[i].frame));
        }
    }
}

} // namespace

std::vector<Finding> check_report(const Expectations &expect, const ReplayReport &report,
                                  unsigned ipv6_prefix, const SourceText &source) {
    ReportChecker checker{report, ipv6_prefix, source};
    for (const Expected &total : expect.totals) checker.check_total(total);
    if (expect.ever_blocked) checker.check_ever_blocked(*expect.ever_blocked);
    for (const SourceExpectation &one : expect.sources) checker.check_source(one);
    return checker.take();
}

} // namespace portscan
