// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/options_json.h"

namespace portscan {
namespace {

using Json = nlohmann::ordered_json;

Json list_of(std::string_view commas) {
    Json list = Json::array();
    while (!commas.empty()) {
        const auto comma = commas.find(',');
        list.push_back(commas.substr(0, comma));
        commas.remove_prefix(comma == std::string_view::npos ? commas.size() : comma + 1);
    }
    return list;
}

/// Numbers and switches as such, lists as arrays, everything else as the text that reads back.
Json option_value(const OptionSpec &spec, const DetectorOptions &options) {
    const std::string text = spec.get(options);
    if (spec.name == "allow" || spec.name == "ignore-ports") return list_of(text);
    if (text.empty()) return nullptr;
    if (spec.value_name.empty()) return text == "true";
    const bool number = text.find_first_not_of("0123456789") == std::string::npos;
    return number ? Json(std::stoull(text)) : Json(text);
}

} // namespace

nlohmann::ordered_json options_json(const DetectorOptions &options) {
    Json json = Json::object();
    for (const OptionSpec &spec : option_specs()) {
        if (spec.name != "allow-file") json[std::string{spec.name}] = option_value(spec, options);
    }
    return json;
}

} // namespace portscan
