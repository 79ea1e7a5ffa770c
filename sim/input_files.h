// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/scenario.h"

#include <string>
#include <string_view>
#include <vector>

namespace portscan {

/// What a command reads. No result is written over one of these files, under whatever name.
class InputFiles {
  public:
    /// `what` it is, for people: "the capture itself". An empty path is none.
    void add(const std::string &path, std::string_view what);
    void add_captures(const std::vector<std::string> &paths);
    /// `--object`; empty: the embedded one, which is no file.
    void add_object(const std::string &path);
    /// The files that detection options name.
    void add_options(const OptionOverrides &given);
    /// Its file, its capture, and what its cases name.
    void add_scenario(const Scenario &scenario);

    /// Throws OptionError where the result of `option` would go to one of them, or into the file
    /// that standard output or standard error goes to.
    void refuse_as_output(std::string_view option, const std::string &path) const;
    /// Throws OptionError where standard output goes into one of them. (Of standard error it could
    /// only be said there.)
    void refuse_as_standard_output() const;

  private:
    struct Input {
        std::string path;
        std::string_view what;
    };
    std::vector<Input> inputs_;
};

/// Where a result goes.
struct NamedOutput {
    std::string_view option; ///< `json`
    std::string path;        ///< empty: there is none
};

/// Refuses results, also those on standard output, that would go over an input, into where standard
/// output goes, or over each other. Throws OptionError.
void check_outputs(const std::vector<NamedOutput> &outputs, const InputFiles &inputs);

/// Whether two paths lead to one file, also by links, and where it is not there yet. An empty one
/// leads to none, `-` to itself.
bool is_same_file(const std::string &one, const std::string &other);

} // namespace portscan
