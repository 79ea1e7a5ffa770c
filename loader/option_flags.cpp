// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/option_flags.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace portscan {
namespace {

/// How often an option may be given.
enum class Repeat : std::uint8_t { last_counts, joined, each };

Repeat repetition(std::string_view name) {
    if (name == "allow" || name == "ignore-ports") return Repeat::joined;
    return name == "allow-file" ? Repeat::each : Repeat::last_counts;
}

/// Reads the value once, so that a bad one is refused as a usage error before anything happens.
void remember(OptionOverrides &given, const OptionSpec &spec, const std::string &value) {
    DetectorOptions scratch;
    spec.set(scratch, value);
    given.values.emplace_back(spec.name, value);
}

CLI::Option *add_switch(CLI::App &app, const OptionSpec &spec, OptionOverrides &given) {
    return app.add_flag_function(
        "--" + std::string{spec.name},
        [&given, &spec](std::int64_t count) {
            remember(given, spec, count > 0 ? "true" : "false");
        },
        std::string{spec.help});
}

CLI::Option *add_valued(CLI::App &app, const OptionSpec &spec, OptionOverrides &given) {
    const std::string flag = "--" + std::string{spec.name};
    const std::string help{spec.help};
    if (repetition(spec.name) == Repeat::each) {
        return app
            .add_option_function<std::vector<std::string>>(
                flag,
                [&given, &spec](const std::vector<std::string> &values) {
                    for (const std::string &value : values) remember(given, spec, value);
                },
                help)
            ->allow_extra_args(false);
    }
    CLI::Option *const option = app.add_option_function<std::string>(
        flag, [&given, &spec](const std::string &value) { remember(given, spec, value); }, help);
    if (repetition(spec.name) == Repeat::joined) return option->join(',');
    return option->take_last();
}

/// Takes no value but true or false: not as `--json{-}`, which may name a file.
bool is_switch(const CLI::Option &option, const std::string &name) {
    return option.get_expected_max() == 0 && option.get_flag_value(name.substr(2), "") == "true";
}

bool is_clear(std::string_view value) {
    constexpr std::array<std::string_view, 8> clear{"true", "false", "yes", "no",
                                                    "on",   "off",   "1",   "0"};
    return std::find(clear.begin(), clear.end(), value) != clear.end();
}

} // namespace

void add_detection_options(CLI::App &app, OptionOverrides &given) {
    const DetectorOptions defaults;
    for (const OptionSpec &spec : option_specs()) {
        if (spec.value_name.empty()) {
            add_switch(app, spec, given)->group("Detection");
            continue;
        }
        CLI::Option *const option = add_valued(app, spec, given);
        option->type_name(std::string{spec.value_name})->group("Detection");
        if (const std::string text = spec.get(defaults); !text.empty()) option->default_str(text);
    }
}

void refuse_empty_values(CLI::App &app, std::span<char *const> arguments) {
    for (const std::string_view argument : arguments) {
        if (argument == "--") break;
        if (argument.starts_with("--") && argument.ends_with('='))
            throw OptionError(fmt::format(
                "'{}' has no value: leave the option out, or name one behind the sign", argument));
    }
    const auto named = [](const std::string &name) {
        return name.empty() ? std::string{"the name is empty: leave the option out, or name one"}
                            : std::string{};
    };
    const auto timed = [](const std::string &time) {
        return time.empty()
                   ? std::string{"the time is empty: leave the option out, or give one (60s)"}
                   : std::string{};
    };
    for (CLI::App *const command : app.get_subcommands({})) {
        for (CLI::Option *const option : command->get_options({})) {
            const std::string type = option->get_type_name();
            if (type == "FILE" || type == "DIR") option->check(named);
            if (type == "TIME") option->check(timed);
        }
    }
}

void refuse_unclear_switches(const CLI::App &app, std::span<char *const> arguments) {
    const CLI::App *command = &app;
    for (const std::string_view argument : arguments) {
        if (argument == "--") return;
        if (!argument.starts_with("--")) {
            for (const CLI::App *const sub : command->get_subcommands({}))
                if (sub->get_name() == argument) command = sub;
            continue;
        }
        const std::size_t sign = argument.find('=');
        if (sign == std::string_view::npos) continue;
        const std::string name{argument.substr(0, sign)};
        const CLI::Option *const option = command->get_option_no_throw(name);
        if (option == nullptr || !is_switch(*option, name)) continue;
        const std::string_view value = argument.substr(sign + 1);
        if (!is_clear(value))
            throw OptionError(fmt::format("{}: '{}' is not one of true, false", name, value));
    }
}

} // namespace portscan
