// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/option_set.h"

#include <fmt/format.h>

namespace portscan {
namespace {

bool is_list(const std::string &name) {
    return name == "ignore-ports" || name == "allow";
}

/// Adds one piece between commas.
void add(OptionOverrides &set, std::string_view side, std::string_view piece) {
    const std::size_t equals = piece.find('=');
    const std::string_view name = piece.substr(0, equals);
    const OptionSpec *const option = find_option(name);
    const bool has_value = equals != std::string_view::npos;
    if (option != nullptr && has_value) {
        set.values.emplace_back(name, piece.substr(equals + 1));
    } else if (option != nullptr && option->value_name.empty()) {
        set.values.emplace_back(name, "true");
    } else if (option == nullptr && !has_value && !set.values.empty() &&
               is_list(set.values.back().first)) {
        set.values.back().second += fmt::format(",{}", piece);
    } else {
        throw OptionError(fmt::format(
            "{}: {}: write options as max-ports=5,window=30s,dry-run (names as in --help)", side,
            option == nullptr ? fmt::format("no option '{}'", name)
                              : fmt::format("'{}' needs a value", name)));
    }
}

} // namespace

OptionOverrides parse_option_set(std::string_view side, std::string_view text) {
    OptionOverrides set;
    for (bool more = true; more;) {
        const std::size_t comma = text.find(',');
        more = comma != std::string_view::npos;
        add(set, side, text.substr(0, comma));
        text.remove_prefix(more ? comma + 1 : text.size());
    }
    DetectorOptions checked;
    try {
        set.apply(checked);
    } catch (const OptionError &error) {
        throw OptionError(fmt::format("{}: {}", side, error.what()));
    }
    return set;
}

} // namespace portscan
