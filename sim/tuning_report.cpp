// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/tuning_report.h"

#include "sim/console.h"
#include "sim/html_page.h"
#include "sim/options_json.h"

#include <algorithm>
#include <fmt/format.h>
#include <ostream>
#include <sstream>

namespace portscan {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_rows = 40;
constexpr std::size_t most_sources = 10;

Json optional_json(const std::optional<std::uint64_t> &value) {
    return value ? Json(*value) : Json(nullptr);
}

Json captures_json(const Tuning &tuning) {
    Json captures = Json::array();
    for (std::size_t i = 0; i < tuning.captures.size(); ++i) {
        const CaptureSurvey &survey = tuning.surveys[i];
        captures.push_back(
            {{"labels", tuning.captures[i].where},
             {"capture", tuning.captures[i].path},
             {"filter", tuning.captures[i].filter},
             {"packets", survey.packets},
             {"not_selected", survey.packets - survey.selected},
             {"scanners", survey.scanners.size()},
             {"honest", survey.honest},
             {"damage", survey.damage.empty() ? Json(nullptr) : Json(survey.damage)}});
    }
    return captures;
}

Json scanner_json(const TunedSource &one) {
    return {{"capture", one.capture},
            {"source", one.source.to_string()},
            {"blocked", one.tally.blocked},
            {"probes_before_block", one.tally.probes_before},
            {"probes_passed", one.tally.probes_passed},
            {"probes_dropped", one.tally.probes_dropped}};
}

Json wronged_json(const TunedSource &one) {
    return {{"capture", one.capture},
            {"source", one.source.to_string()},
            {"probes_dropped", one.tally.probes_dropped},
            {"packets_dropped", one.tally.packets_dropped}};
}

Json setting_json(const Tuning &tuning, std::size_t index) {
    const SettingOutcome &outcome = tuning.outcomes[index];
    const auto &best = tuning.frontier.best;
    const auto &same = tuning.frontier.same_as[index];
    Json scanners = Json::array(), wronged = Json::array();
    for (const TunedSource &one : outcome.scanners) scanners.push_back(scanner_json(one));
    for (const TunedSource &one : outcome.wronged_sources) wronged.push_back(wronged_json(one));
    return {{"setting", tuning.settings[index].name()},
            {"options", options_json(tuning.settings[index].options)},
            {"frontier", std::find(best.begin(), best.end(), index) != best.end()},
            {"same_as", same ? Json(*same) : Json(nullptr)},
            {"caught", outcome.caught},
            {"missed", outcome.missed},
            {"probes_before_block",
             {{"median", optional_json(outcome.median_before())},
              {"worst", optional_json(outcome.worst_before())}}},
            {"probes_passed", outcome.probes_passed},
            {"probes_dropped", outcome.probes_dropped},
            {"wronged", outcome.wronged},
            {"honest_probes_dropped", outcome.honest_probes_dropped},
            {"honest_packets_dropped", outcome.honest_packets_dropped},
            {"scanners", std::move(scanners)},
            {"scanners_omitted", outcome.scanners_omitted},
            {"wronged_sources", std::move(wronged)},
            {"wronged_sources_omitted", outcome.wronged_omitted}};
}

/// `1 probe`, `2 probes`.
std::string counted(std::uint64_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string number(const std::optional<std::uint64_t> &value) {
    return value ? fmt::to_string(*value) : "-";
}

std::size_t name_width(const Tuning &tuning) {
    std::size_t width = std::string_view{"SETTING"}.size();
    for (const std::size_t one : tuning.frontier.best)
        width = std::max(width, tuning.settings[one].name().size());
    return width;
}

std::string row(const Tuning &tuning, std::size_t index, std::size_t width) {
    const SettingOutcome &outcome = tuning.outcomes[index];
    const auto &same = tuning.frontier.same_as;
    const auto alike = std::count(same.begin(), same.end(), std::optional{index});
    return fmt::format("{} {:<{}} {:>7} {:>7} {:>7} {:>7} {:>9} {:>8} {:>8} {:>8}{}\n",
                       index == tuning.recommendation.setting ? '*' : ' ',
                       tuning.settings[index].name(), width, outcome.caught, outcome.missed,
                       number(outcome.median_before()), number(outcome.worst_before()),
                       outcome.probes_passed, outcome.wronged, outcome.honest_probes_dropped,
                       outcome.honest_packets_dropped,
                       alike == 0 ? "" : fmt::format("  and {} alike", alike));
}

/// The frontier from those that wrong the fewest on.
std::vector<std::size_t> rows_in_order(const Tuning &tuning) {
    auto order = tuning.frontier.best;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t one, std::size_t other) {
        const SettingOutcome &a = tuning.outcomes[one], &b = tuning.outcomes[other];
        return std::tuple{a.wronged, a.missed, a.probes_passed} <
               std::tuple{b.wronged, b.missed, b.probes_passed};
    });
    return order;
}

std::string table(const Tuning &tuning) {
    const std::size_t width = name_width(tuning);
    std::string text =
        fmt::format("  {:<{}} {:>7} {:>7} {:>7} {:>7} {:>9} {:>8} {:>8} {:>8}\n", "SETTING", width,
                    "CAUGHT", "MISSED", "AFTER", "WORST", "GOT IN", "WRONGED", "PROBES", "PACKETS");
    auto order = rows_in_order(tuning);
    const std::size_t hidden = order.size() > most_rows ? order.size() - most_rows : 0;
    order.resize(order.size() - hidden);
    for (const std::size_t one : order) text += row(tuning, one, width);
    if (hidden != 0)
        text += fmt::format("  and {} more: --json and --html have them all\n", hidden);
    return text;
}

/// Sources of one kind, as many as a screen takes.
template <typename Wanted, typename Words>
std::string source_list(const Tuning &tuning, std::string_view title,
                        const std::vector<TunedSource> &sources, std::uint64_t count, Wanted wanted,
                        Words words) {
    std::string text;
    std::size_t shown = 0;
    for (const TunedSource &one : sources) {
        if (!wanted(one) || shown == most_sources) continue;
        ++shown;
        text += fmt::format("  {}: {} in {}, {}\n", title, one.source.to_string(),
                            printable(tuning.captures[one.capture].path), words(one.tally));
    }
    if (count > shown) text += fmt::format("  {}: {} more, see --json\n", title, count - shown);
    return text;
}

/// Said again beside the recommendation: the warnings are far above it.
std::string read_in_part(const Tuning &tuning) {
    const auto damaged =
        std::count_if(tuning.surveys.begin(), tuning.surveys.end(),
                      [](const CaptureSurvey &one) { return !one.damage.empty(); });
    if (damaged == 0) return {};
    return fmt::format("  {} read only in part: mend or leave out what is damaged, and ask again\n",
                       damaged == 1 ? "a capture was" : fmt::format("{} captures were", damaged));
}

std::string who(const Tuning &tuning) {
    const SettingOutcome &outcome = tuning.outcomes[tuning.recommendation.setting];
    return source_list(
               tuning, "missed", outcome.scanners, outcome.missed,
               [](const TunedSource &one) { return !one.tally.blocked; },
               [](const SourceTally &tally) {
                   const bool silent = tally.probes_passed + tally.probes_dropped == 0;
                   return silent ? std::string{"which sends no probe"}
                                 : fmt::format("{} got in", counted(tally.probes_passed, "probe"));
               }) +
           source_list(
               tuning, "wronged", outcome.wronged_sources, outcome.wronged,
               [](const TunedSource &) { return true; },
               [](const SourceTally &tally) {
                   return fmt::format(
                       "{} and {} dropped", counted(tally.probes_dropped, "probe"),
                       counted(tally.packets_dropped - tally.probes_dropped, "other packet"));
               });
}

} // namespace

void write_tuning_json(std::ostream &out, const Tuning &tuning) {
    Json settings = Json::array();
    for (std::size_t i = 0; i < tuning.settings.size(); ++i)
        settings.push_back(setting_json(tuning, i));
    const auto &[recommended, reason] = tuning.recommendation;
    const Json json{{"schema", tune_schema},
                    {"kernel", tuning.kernel},
                    {"object_sha256", tuning.object_sha256},
                    {"captures", captures_json(tuning)},
                    {"scanners", tuning.scanners()},
                    {"honest", tuning.honest()},
                    {"recommended",
                     {{"setting", recommended},
                      {"flags", tuning.settings[recommended].flags()},
                      {"may_wrong", tuning.may_wrong},
                      {"reason", reason}}},
                    {"settings", std::move(settings)}};
    out << json.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
}

void write_tuning_page(std::ostream &out, const Tuning &tuning, const std::string &command_line) {
    std::ostringstream line;
    write_tuning_json(line, tuning);
    const Json run{{"command_line", command_line}};
    begin_page(out, tune_page());
    write_page_data(out, "id=\"tuning\"", line.str());
    write_page_data(out, "id=\"run\"", run.dump(-1, ' ', false, Json::error_handler_t::replace));
    end_page(out, tune_page());
}

std::string tuning_text(const Tuning &tuning) {
    std::string text = fmt::format(
        "detector {}, kernel {}: {} with {} and {}, {}\n", tuning.object_sha256.substr(0, 12),
        tuning.kernel, counted(tuning.captures.size(), "capture"),
        counted(tuning.scanners(), "scanner"), counted(tuning.honest(), "honest source"),
        counted(tuning.settings.size(), "setting"));
    text += table(tuning);
    const auto &[recommended, reason] = tuning.recommendation;
    const std::string flags = tuning.settings[recommended].flags();
    return text +
           fmt::format("recommended: {}\n  {}\n", flags.empty() ? "the defaults" : flags, reason) +
           read_in_part(tuning) + who(tuning);
}

} // namespace portscan
