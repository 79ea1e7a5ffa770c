// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/config_file.h"

#include "loader/file_content.h"
#include "loader/nearest_word.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <system_error>
#include <toml++/toml.h>

namespace portscan {
namespace {

constexpr std::size_t largest_file = 1024 * 1024;

bool is_list(std::string_view name) {
    return name == "allow" || name == "allow-file" || name == "ignore-ports" ||
           name == "interfaces";
}

/// `3`, `true`, `60s`; nothing for what has no form on the command line.
std::optional<std::string> scalar_text(const toml::node &node) {
    if (const auto *text = node.as_string()) return text->get();
    if (const auto *number = node.as_integer()) return std::to_string(number->get());
    if (const auto *boolean = node.as_boolean()) return boolean->get() ? "true" : "false";
    return std::nullopt;
}

/// The values that a key stands for, one for each item of a list. Throws OptionError.
std::vector<std::string> value_texts(std::string_view name, const toml::node &node) {
    if (auto text = scalar_text(node)) return {std::move(*text)};
    const toml::array *const array = node.as_array();
    if (array == nullptr || !is_list(name)) {
        throw OptionError(fmt::format("{}: give it {}", name,
                                      is_list(name) ? "as a list of strings, [\"...\", \"...\"]"
                                                    : "in quotes, as on the command line"));
    }
    std::vector<std::string> items;
    for (const toml::node &item : *array) {
        auto text = scalar_text(item);
        if (!text) throw OptionError(fmt::format("{}: an item is neither text nor number", name));
        items.push_back(std::move(*text));
    }
    return items;
}

std::vector<std::string> known_names() {
    std::vector<std::string> names;
    for (const OptionSpec &spec : option_specs()) names.emplace_back(spec.name);
    for (const ServiceOptionSpec &spec : service_option_specs()) names.emplace_back(spec.name);
    return names;
}

std::string joined(const std::vector<std::string> &items) {
    std::string text;
    for (const std::string &item : items) text += (text.empty() ? "" : ",") + item;
    return text;
}

void take_key(Settings &settings, std::string_view name, const toml::node &node,
              const std::filesystem::path &folder) {
    const std::vector<std::string> texts = value_texts(name, node);
    if (name != "allow-file") {
        settings.add(name, joined(texts));
        return;
    }
    for (const std::string &text : texts) settings.add(name, (folder / text).string());
}

} // namespace

void Settings::add(std::string_view name, std::string_view value) {
    if (const OptionSpec *const spec = find_option(name)) {
        DetectorOptions scratch;
        spec->set(scratch, value);
        detection.values.emplace_back(name, value);
        return;
    }
    if (const ServiceOptionSpec *const spec = find_service_option(name)) {
        ServiceOptions scratch;
        spec->set(scratch, value);
        service.emplace_back(name, value);
        return;
    }
    const std::vector<std::string> names = known_names();
    const std::string_view meant = nearest_word(name, names);
    throw OptionError(
        meant.empty() ? fmt::format("'{}' is not an option; see --help for those there are", name)
                      : fmt::format("'{}' is not an option; did you mean '{}'?", name, meant));
}

void Settings::apply(DetectorOptions &detector, ServiceOptions &host) const {
    detection.apply(detector);
    for (const auto &[name, value] : service) {
        const ServiceOptionSpec *const spec = find_service_option(name);
        if (spec == nullptr) throw OptionError(fmt::format("{}: no such option", name));
        spec->set(host, value);
    }
}

Settings parse_config(std::string_view text, const std::string &path) {
    toml::table table;
    try {
        table = toml::parse(text, path);
    } catch (const toml::parse_error &error) {
        throw OptionError(
            fmt::format("{}:{}: {}", path, error.source().begin.line, error.description()));
    }
    // In the order of the file, which the table does not keep.
    std::vector<std::pair<const toml::key *, const toml::node *>> keys;
    for (auto &&[key, node] : table) keys.emplace_back(&key, &node);
    std::sort(keys.begin(), keys.end(), [](const auto &a, const auto &b) {
        return a.first->source().begin < b.first->source().begin;
    });
    Settings settings;
    const auto folder = std::filesystem::path{path}.parent_path();
    for (const auto &[key, node] : keys) {
        try {
            take_key(settings, key->str(), *node, folder);
        } catch (const OptionError &error) {
            throw OptionError(
                fmt::format("{}:{}: {}", path, key->source().begin.line, error.what()));
        }
    }
    return settings;
}

std::optional<Settings> read_config_file_if_any(const std::string &path) {
    std::string text;
    try {
        text = read_content(path, largest_file);
    } catch (const std::system_error &error) {
        if (error.code() == std::errc::no_such_file_or_directory) return std::nullopt;
        if (error.code() == std::errc::file_too_large)
            throw OptionError(fmt::format("{}: is no configuration: above 1 MiB", path));
        throw OptionError(fmt::format("{}: cannot be read ({}): give a readable TOML file", path,
                                      error.code().message()));
    }
    return parse_config(text, path);
}

Settings read_config_file(const std::string &path) {
    auto settings = read_config_file_if_any(path);
    if (!settings) throw OptionError(fmt::format("{}: there is no such file", path));
    return std::move(*settings);
}

} // namespace portscan
