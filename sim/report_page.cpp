// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/report_page.h"

#include "sim/html_page.h"
#include "sim/report_json.h"
#include "sim/script_stream.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace portscan {
namespace {

using Json = nlohmann::ordered_json;

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
    begin_page(out_, replay_page());
}

void ReportPage::report(const ReplayReport &report, const Timeline &timeline) {
    out_ << "<script type=\"application/json\" class=\"capture\">";
    ScriptStream json{out_}; // not as one text: it can be large
    write_json(json, report, context_);
    out_ << "</script>\n";
    write_figures(report, timeline);
}

void ReportPage::write_figures(const ReplayReport &report, const Timeline &timeline) {
    const auto blocked =
        std::count_if(report.sources.begin(), report.sources.end(),
                      [](const SourceReport &source) { return !source.blocks.empty(); });
    write_page_data(out_, "class=\"figures\"",
                    text_of({{"sources", report.sources.size() + report.sources_omitted},
                             {"blocked_sources", blocked},
                             {"timeline", timeline_json(timeline)}}));
}

void ReportPage::close() {
    write_page_data(out_, "id=\"run\"",
                    text_of({{"command_line", command_line_}, {"failures", failures_}}));
    end_page(out_, replay_page());
}

} // namespace portscan
