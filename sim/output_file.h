// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/input_files.h"

#include <fstream>
#include <ostream>
#include <string>
#include <string_view>

namespace portscan {

/// A file for results, as named by a command line option; none where its name is empty, or `-`,
/// which is for the command to write.
class OutputFile {
  public:
    /// Creates it at once, so that nobody waits for results that have no place. Throws OptionError
    /// where that is not possible, or where it would be written over one of the inputs.
    OutputFile(std::string_view option, const std::string &path, const InputFiles &inputs = {});
    bool is_open() const { return file_.is_open(); }
    std::ostream &stream() { return file_; }
    /// Throws std::runtime_error where not all could be written.
    void close();

  private:
    std::string option_;
    std::string path_;
    std::ofstream file_;
};

} // namespace portscan
