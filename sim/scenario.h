// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/options.h"
#include "sim/expectation.h"
#include "sim/packet_text.h"
#include "sim/source_text.h"
#include "sim/traffic.h"

#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace portscan {

/// `capture = "nmap-syn.pcap"`, with its pcap filter and with what is done meanwhile.
struct CaptureInput {
    std::string path;   ///< as found from where we stand: the scenario's folder is in it
    std::string filter; ///< empty: everything
    /// Each before the first frame, of those that are left, at its time or later.
    std::vector<ActionRow> actions{};
    unsigned line = 0;
};

/// The frames of a scenario: exactly one of the three.
using ScenarioInput = std::variant<CaptureInput, std::vector<TrafficSpec>, std::vector<TextRow>>;

/// One run of the scenario's frames: the file itself, or one of its `[[case]]` tables.
struct ScenarioCase {
    std::string title{}; ///< empty for the file itself
    unsigned line = 1;
    std::string limitation{};  ///< what a threshold cannot see; printed
    OptionOverrides options{}; ///< `[detector]`, then the case's own
    Expectations expect{};
    bool own_expectations = false; ///< of a `[[case]]`; else they are the file's
};

/// A scenario file (docs/scenarios.md). The file itself is the first case where it states
/// expectations. A `[[case]]` with expectations is held to those alone; one without to the file's.
struct Scenario {
    SourceText source;
    std::string title;
    ScenarioInput input;
    std::vector<ScenarioCase> cases; ///< at least one
};

/// What is wrong with a scenario file: each line is `file:line: what is wrong and what to do`.
class ScenarioError : public std::runtime_error {
  public:
    explicit ScenarioError(std::vector<std::string> lines);
    const std::vector<std::string> &lines() const { return lines_; }

  private:
    std::vector<std::string> lines_;
};

enum class ScenarioUse : std::uint8_t {
    test,  ///< one that checks nothing is an error
    frames ///< only its frames are wanted
};

/// Reads a scenario from its text. Throws ScenarioError with everything that is wrong.
Scenario parse_scenario(const SourceText &source, ScenarioUse use = ScenarioUse::test);
/// Reads a scenario file. Throws ScenarioError, also where the file cannot be read.
Scenario load_scenario(const std::string &path, ScenarioUse use = ScenarioUse::test);

/// Scenario files among the paths: files as they are named, folders with every `*.scenario.toml`
/// below them, sorted. Throws OptionError for a path that is not there or a folder that
/// holds none.
std::vector<std::string> find_scenarios(const std::vector<std::string> &paths);
/// Reads them. Throws OptionError, ScenarioError.
std::vector<Scenario> load_scenarios(const std::vector<std::string> &paths);

} // namespace portscan
