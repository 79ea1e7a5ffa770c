// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/report_page.h"

#include "loader/digest.h"
#include "sim/page/page.h"
#include "sim/report_json.h"
#include "sim/script_stream.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

namespace portscan {
namespace {

using Json = nlohmann::ordered_json;

/// Takes the text before the mark from the front of the page, and the mark.
std::string_view take_until(std::string_view &page, std::string_view mark) {
    const auto end = page.find(mark);
    const std::string_view before = page.substr(0, end);
    page.remove_prefix(end + mark.size());
    return before;
}

/// The page around what is put into it.
struct PageParts {
    std::string_view before_policy, before_style, before_data, before_script, end;
};

PageParts parts_of_page() {
    std::string_view page = page_html;
    PageParts parts;
    parts.before_policy = take_until(page, "<!--policy-->");
    parts.before_style = take_until(page, "/*style*/");
    parts.before_data = take_until(page, "<!--data-->");
    parts.before_script = take_until(page, "/*script*/");
    parts.end = page;
    return parts;
}

std::uint8_t digit(char hexadecimal) {
    return static_cast<std::uint8_t>(hexadecimal <= '9' ? hexadecimal - '0'
                                                        : hexadecimal - 'a' + 10);
}

/// RFC 4648 of 32 bytes, that are given as hexadecimal digits.
std::string base64(std::string_view hexadecimal) {
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    unsigned bits = 0, held = 0;
    for (const char four : hexadecimal) {
        held = (held << 4) | digit(four);
        bits += 4;
        if (bits < 6) continue;
        bits -= 6;
        text += alphabet[(held >> bits) & 63U];
    }
    if (bits != 0) text += alphabet[(held << (6 - bits)) & 63U];
    return text.append((4 - text.size() % 4) % 4, '=');
}

/// Nothing is loaded from anywhere, and no script runs but the page's.
std::string policy() {
    const std::string digest = sha256_hex(
        {reinterpret_cast<const std::uint8_t *>(page_script.data()), page_script.size()});
    return fmt::format("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                       "script-src 'sha256-{}'; style-src 'unsafe-inline'; img-src data:; "
                       "base-uri 'none'; form-action 'none'\">",
                       base64(digest));
}

Json timeline_json(const Timeline &timeline) {
    Json passed = Json::array(), dropped = Json::array();
    for (const Timeline::Bin &bin : timeline.bins()) {
        passed.push_back(bin.passed);
        dropped.push_back(bin.dropped);
    }
    return {{"start", format_seconds(timeline.start_ns())},
            {"end", format_seconds(timeline.end_ns())},
            {"bin_ns", timeline.bin_ns()},
            {"passed", std::move(passed)},
            {"dropped", std::move(dropped)}};
}

std::string text_of(const Json &json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace

void add_to(Timeline &timeline, const FrameOutcome &outcome) {
    Timeline::Bin packets;
    if (outcome.result) {
        packets.passed = outcome.result->verdict == Verdict::pass ? 1 : 0;
        packets.dropped = outcome.result->verdict == Verdict::drop ? 1 : 0;
    }
    timeline.add(outcome.time_ns, packets);
}

ReportPage::ReportPage(std::ostream &out, ReplayContext context, std::string command_line) :
    out_(out),
    context_(std::move(context)),
    command_line_(std::move(command_line)) {
    const PageParts parts = parts_of_page();
    out_ << parts.before_policy << policy() << parts.before_style << page_style
         << parts.before_data;
}

void ReportPage::report(const ReplayReport &report, const Timeline &timeline) {
    ScriptStream json{out_};
    out_ << "<script type=\"application/json\" class=\"capture\">";
    write_json(json, report, context_);
    out_ << "</script>\n<script type=\"application/json\" class=\"figures\">";
    write_figures(report, timeline);
    out_ << "</script>\n";
}

void ReportPage::write_figures(const ReplayReport &report, const Timeline &timeline) {
    const auto blocked =
        std::count_if(report.sources.begin(), report.sources.end(),
                      [](const SourceReport &source) { return !source.blocks.empty(); });
    ScriptStream{out_} << text_of({{"sources", report.sources.size() + report.sources_omitted},
                                   {"blocked_sources", blocked},
                                   {"timeline", timeline_json(timeline)}});
}

void ReportPage::close() {
    const PageParts parts = parts_of_page();
    out_ << "<script type=\"application/json\" id=\"run\">";
    ScriptStream{out_} << text_of({{"command_line", command_line_}, {"failures", failures_}});
    out_ << "</script>\n" << parts.before_script << page_script << parts.end;
}

} // namespace portscan
