// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/sweep.h"

#include "sim/option_set.h"
#include "sim/shell_word.h"
#include "sim/text_values.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace portscan {
namespace {

constexpr std::string_view as_it_is = "default";

/// The numbers of `2..8`, or the text alone.
std::vector<std::string> range_of(const OptionSpec &option, std::string_view text) {
    constexpr std::string_view dots = "..";
    const auto at = text.find(dots);
    if (at == std::string_view::npos) return {std::string{text}};
    const auto first = parse_number(text.substr(0, at), UINT32_MAX);
    const auto last = parse_number(text.substr(at + dots.size()), UINT32_MAX);
    if (option.value_name != "N" && option.value_name != "BITS")
        throw OptionError(fmt::format(
            "{}: '{}': ranges are for numbers, name the values one by one", option.name, text));
    if (!first || !last || *first > *last || *last - *first >= most_settings)
        throw OptionError(fmt::format("{}: '{}' is no range: write it as 2..8, with {} values at "
                                      "most",
                                      option.name, text, most_settings));
    std::vector<std::string> values;
    for (auto value = *first; value <= *last; ++value) values.push_back(fmt::to_string(value));
    try {
        for (const std::string &end : {values.front(), values.back()}) {
            DetectorOptions checked;
            option.set(checked, end);
        }
    } catch (const OptionError &error) {
        throw OptionError(fmt::format("{}, in '{}'", error.what(), text));
    }
    return values;
}

void add_value(std::vector<std::string> &values, const OptionSpec &option, std::string value) {
    DetectorOptions options;
    if (value != as_it_is) {
        option.set(options, value); // throws where it is none
        value = option.get(options);
    }
    if (std::find(values.begin(), values.end(), value) == values.end())
        values.push_back(std::move(value));
}

using Values = std::vector<std::pair<std::string, std::vector<std::string>>>;

void put(Values &all, const std::string &name, const std::vector<std::string> &values) {
    const auto known =
        std::find_if(all.begin(), all.end(), [&](const auto &one) { return one.first == name; });
    if (known == all.end())
        all.emplace_back(name, values);
    else
        known->second = values;
}

/// What is swept, with what is swept where nothing is said.
Values swept_values(const SweepRequest &request) {
    Values all{{"max-ports", {"2", "3", "4", "5", "6", "7", "8", "10", "12"}},
               {"window", {"10s", "1m", "5m", "15m", "1h"}}};
    for (const auto &[name, values] : request.swept) put(all, name, values);
    return all;
}

/// The combinations of values, each as what it sets.
std::vector<OptionOverrides> combinations(const Values &all) {
    std::size_t count = 1;
    for (const auto &[name, values] : all) {
        count *= values.size();
        if (count > most_settings)
            throw OptionError(
                fmt::format("{}: these are more than {} settings: name fewer values, or give an "
                            "option a single one",
                            name, most_settings));
    }
    std::vector<OptionOverrides> grid{{}};
    for (const auto &[name, values] : all) {
        std::vector<OptionOverrides> wider;
        for (const OptionOverrides &one : grid)
            for (const std::string &value : values) {
                wider.push_back(one);
                if (value != as_it_is) wider.back().values.emplace_back(name, value);
            }
        grid = std::move(wider);
    }
    return grid;
}

/// What has a single value is that of the sets of `also`, too.
OptionOverrides single_values(const SweepRequest &request) {
    OptionOverrides single = request.fixed;
    for (const auto &[name, values] : request.swept)
        if (values.size() == 1 && values[0] != as_it_is)
            single.values.emplace_back(name, values[0]);
    return single;
}

DetectorOptions layered(const OptionOverrides &below, const OptionOverrides &above) {
    DetectorOptions options;
    below.apply(options);
    above.apply(options);
    if (options.dry_run)
        throw OptionError("dry-run: drops nothing, so that nobody would be caught: leave it out");
    validate(options);
    return options;
}

/// What is said of each setting: where one of them has it otherwise than by default, or swept is.
std::set<std::string_view> spoken_of(const std::vector<DetectorOptions> &all, const Values &swept) {
    const DetectorOptions defaults;
    std::set<std::string_view> names;
    for (const auto &[name, values] : swept)
        if (values.size() > 1) names.insert(name);
    for (const OptionSpec &option : option_specs())
        if (std::any_of(all.begin(), all.end(), [&](const DetectorOptions &one) {
                return option.get(one) != option.get(defaults);
            }))
            names.insert(option.name);
    return names;
}

} // namespace

bool can_be_swept(const OptionSpec &option) {
    const bool list =
        option.name == "ignore-ports" || option.name == "allow" || option.name == "allow-file";
    return !list && !option.value_name.empty();
}

std::vector<std::string> parse_sweep_values(const OptionSpec &option, std::string_view text) {
    std::vector<std::string> values;
    for (bool more = true; more;) {
        const auto comma = text.find(',');
        more = comma != std::string_view::npos;
        for (std::string &value : range_of(option, text.substr(0, comma)))
            add_value(values, option, std::move(value));
        text.remove_prefix(more ? comma + 1 : text.size());
    }
    return values;
}

std::string SweepSetting::name() const {
    std::vector<std::string> parts;
    for (const auto &[option, value] : named)
        if (value != as_it_is) parts.push_back(fmt::format("{}={}", option, value));
    return parts.empty() ? "default options" : fmt::format("{}", fmt::join(parts, ","));
}

std::string SweepSetting::flags() const {
    std::vector<std::string> words;
    for (const auto &[option, value] : named) {
        if (value == as_it_is) continue;
        words.push_back("--" + option);
        words.push_back(value);
    }
    return shell_words(words);
}

std::vector<SweepSetting> settings_of(const SweepRequest &request) {
    const Values swept = swept_values(request);
    std::vector<DetectorOptions> all;
    const auto add = [&](const DetectorOptions &options) {
        if (std::find(all.begin(), all.end(), options) == all.end()) all.push_back(options);
    };
    for (const OptionOverrides &one : combinations(swept)) add(layered(request.fixed, one));
    const OptionOverrides single = single_values(request);
    for (const std::string &set : request.also) add(layered(single, parse_option_set("also", set)));
    if (all.size() > most_settings)
        throw OptionError(
            fmt::format("also: these are more than {} settings: name fewer", most_settings));

    const auto names = spoken_of(all, swept);
    std::vector<SweepSetting> settings;
    for (const DetectorOptions &options : all) {
        SweepSetting setting{.options = options};
        for (const OptionSpec &option : option_specs()) {
            if (!names.contains(option.name)) continue;
            std::string value = option.get(options);
            if (value.empty()) value = as_it_is;
            setting.named.emplace_back(option.name, std::move(value));
        }
        settings.push_back(std::move(setting));
    }
    return settings;
}

} // namespace portscan
