// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/case_result.h"

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>

namespace portscan {

/// Writes results in the Test Anything Protocol, version 14, as they come.
class TapWriter {
  public:
    /// Writes the version line and the plan. The stream must outlive the writer.
    TapWriter(std::ostream &out, std::size_t cases);

    /// One test point, with a YAML block where it failed and its limitation as a comment.
    void write(const CaseResult &result);
    /// A comment; each line of the text becomes one.
    void comment(std::string_view text);
    /// The harness failed: nothing after this says anything about the detector.
    void bail_out(std::string_view reason);

  private:
    void write_diagnostics(const CaseResult &result);

    std::ostream &out_;
    std::size_t number_ = 0;
};

/// `\` and `#` escaped, line ends as spaces: a description that no reader takes for a directive.
std::string tap_description(std::string_view text);
/// A double-quoted YAML scalar (YAML 1.2, section 7.3.1).
std::string yaml_string(std::string_view text);

} // namespace portscan
