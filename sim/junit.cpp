// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/junit.h"

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <span>

namespace portscan {
namespace {

using Results = std::span<const CaseResult>;

double seconds(std::chrono::nanoseconds duration) {
    return std::chrono::duration<double>(duration).count();
}

std::chrono::nanoseconds total_duration(Results results) {
    std::chrono::nanoseconds sum{0};
    for (const CaseResult &result : results) sum += result.duration;
    return sum;
}

/// `tests="3" failures="1" errors="0" time="0.012"`.
std::string counts(Results results) {
    const auto errors = std::count_if(results.begin(), results.end(), [](const CaseResult &result) {
        return !result.errors.empty();
    });
    const auto passed = std::count_if(results.begin(), results.end(),
                                      [](const CaseResult &result) { return result.passed(); });
    return fmt::format(R"(tests="{}" failures="{}" errors="{}" time="{:.6f}")", results.size(),
                       static_cast<std::ptrdiff_t>(results.size()) - errors - passed, errors,
                       seconds(total_duration(results)));
}

std::string failure_text(const CaseResult &result) {
    std::string text;
    for (const Mismatch &mismatch : result.mismatches) {
        text += fmt::format("{}:{}: {}\n", result.file, mismatch.line, describe(mismatch));
        const std::string frame = describe_frame(mismatch);
        if (!frame.empty()) text += fmt::format("  {}\n", frame);
    }
    for (const std::string &error : result.errors) text += error + '\n';
    return text + fmt::format("reproduce: {}\n", result.command);
}

std::string test_case(const CaseResult &result) {
    const std::string &title = result.title.empty() ? result.file : result.title;
    std::string xml =
        fmt::format(R"(    <testcase classname="{0}" name="{1}" file="{0}" time="{2:.6f}">)",
                    xml_escape(result.file), xml_escape(title), seconds(result.duration));
    xml += '\n';
    if (!result.passed()) {
        const bool error = !result.errors.empty();
        const std::string message =
            error ? result.errors.front() : describe(result.mismatches.front());
        xml += fmt::format("      <{0} type=\"{1}\" message=\"{2}\">{3}</{0}>\n",
                           error ? "error" : "failure", error ? "scenario" : "expectation",
                           xml_escape(message), xml_escape(failure_text(result)));
    }
    if (!result.limitation.empty()) {
        xml += fmt::format("      <system-out>limitation: {}</system-out>\n",
                           xml_escape(result.limitation));
    }
    return xml + "    </testcase>\n";
}

/// Bytes of the UTF-8 sequence at the start of the text; 0 where it is not one that XML can hold.
std::size_t character_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    if (byte(0) < 0x80) return byte(0) >= 0x20 || text[0] == '\t' || text[0] == '\n' ? 1 : 0;
    const std::size_t length = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
    if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return 0;
    }
    const bool overlong =
        (byte(0) == 0xe0 && byte(1) < 0xa0) || (byte(0) == 0xf0 && byte(1) < 0x90);
    const bool surrogate = byte(0) == 0xed && byte(1) >= 0xa0;
    const bool beyond = byte(0) == 0xf4 && byte(1) >= 0x90;
    const bool no_character = byte(0) == 0xef && byte(1) == 0xbf && byte(2) >= 0xbe;
    return overlong || surrogate || beyond || no_character ? 0 : length;
}

} // namespace

std::string xml_escape(std::string_view text) {
    std::string escaped;
    while (!text.empty()) {
        const std::size_t length = character_length(text);
        switch (text.front()) {
        case '&':
            escaped += "&amp;";
            break;
        case '<':
            escaped += "&lt;";
            break;
        case '>':
            escaped += "&gt;";
            break;
        case '"':
            escaped += "&quot;";
            break;
        case '\'':
            escaped += "&apos;";
            break;
        default:
            escaped += length == 0 ? "?" : text.substr(0, length);
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return escaped;
}

std::string junit_document(const std::vector<CaseResult> &results) {
    std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    xml += fmt::format("<testsuites name=\"xdp-portscan-sim\" {}>\n", counts(results));
    for (auto first = results.begin(); first != results.end();) {
        const auto last = std::find_if(first, results.end(), [&](const CaseResult &result) {
            return result.file != first->file;
        });
        xml += fmt::format("  <testsuite name=\"{}\" {}>\n", xml_escape(first->file),
                           counts(Results{first, last}));
        for (; first != last; ++first) xml += test_case(*first);
        xml += "  </testsuite>\n";
    }
    return xml + "</testsuites>\n";
}

} // namespace portscan
