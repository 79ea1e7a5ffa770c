// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

namespace portscan {

/// A page of sim/page/ that needs nothing else, around the data that are put into it. Its policy
/// lets no script run but its own, and loads nothing. What comes from outside goes into it by
/// write_page_data, or through a ScriptStream, and is never part of its markup.
struct HtmlPage {
    std::string_view html;   ///< with marks where the other parts go
    std::string_view script; ///< what runs behind the library of charts
};

/// `replay --html`.
HtmlPage replay_page();
/// `tune --html`.
HtmlPage tune_page();

/// Writes what stands before the data.
void begin_page(std::ostream &out, const HtmlPage &page);
/// Writes the text, which is JSON, as `<script type="application/json" ATTRIBUTE>`.
void write_page_data(std::ostream &out, std::string_view attribute, std::string_view json);
/// Writes what stands behind the data.
void end_page(std::ostream &out, const HtmlPage &page);

} // namespace portscan
