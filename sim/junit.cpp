// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/junit.h"

#include "sim/utf8.h"

#include <algorithm>
#include <cstddef>
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

/// Of a character that XML 1.0 can hold (section 2.2); 0 of another one, or of no UTF-8.
std::size_t xml_length(std::string_view text) {
    const auto [character, length] = first_character(text);
    const bool control = character < 0x20 && character != '\t' && character != '\n';
    return control || character == 0xfffe || character == 0xffff ? 0 : length;
}

} // namespace

std::string xml_escape(std::string_view text) {
    std::string escaped;
    while (!text.empty()) {
        const std::size_t length = xml_length(text);
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
