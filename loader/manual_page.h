// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/command_tree.h"

#include <string>
#include <vector>

namespace portscan {

/// A section of a manual page in plain text: paragraphs, and rows `term: text` in `terms`.
struct ManualSection {
    std::string title; ///< `EXIT STATUS`
    std::vector<std::string> paragraphs{};
    std::vector<std::pair<std::string, std::string>> terms{};
};

/// What a manual page says beside the commands.
struct ManualFacts {
    int section = 1;                       ///< 1 for everybody, 8 for the administrator
    std::string version{};                 ///< `0.1.0`
    std::string date{};                    ///< `2026-11-23`
    std::vector<ManualSection> sections{}; ///< after the commands
};

/// The manual page of a program, with all its commands, for man(1): the macros of man(7). Options
/// of a named group that several commands share are described once, at the end.
std::string manual_page(const CommandTree &program, const ManualFacts &facts);

} // namespace portscan
