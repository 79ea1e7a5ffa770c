// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <fstream>
#include <ostream>
#include <string>
#include <string_view>

namespace portscan {

/// A file for results, as named by a command line option; none where its name is empty. What goes
/// wrong with it is an OptionError that names the option.
class OutputFile {
  public:
    /// Creates it at once, so that nobody waits for results that have no place.
    OutputFile(std::string_view option, const std::string &path);
    bool is_open() const { return file_.is_open(); }
    std::ostream &stream() { return file_; }
    void close();

  private:
    [[noreturn]] void fail(std::string_view why) const;

    std::string option_;
    std::string path_;
    std::ofstream file_;
};

} // namespace portscan
