// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace portscan {

/// The JSON of the elements `<script type="application/json" ATTRIBUTE>` of a page, as a browser
/// finds them: an element ends with the first `</script`.
inline std::vector<nlohmann::json> page_data(std::string_view page, const std::string &attribute) {
    const std::string start = "<script type=\"application/json\" " + attribute + ">";
    std::vector<nlohmann::json> found;
    for (auto at = page.find(start); at != std::string_view::npos; at = page.find(start, at)) {
        at += start.size();
        found.push_back(nlohmann::json::parse(page.substr(at, page.find("</script", at) - at)));
    }
    return found;
}

} // namespace portscan
