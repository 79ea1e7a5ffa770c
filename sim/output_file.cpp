// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/output_file.h"

#include "loader/options.h"

#include <fmt/format.h>

namespace portscan {

OutputFile::OutputFile(std::string_view option, const std::string &path) :
    option_(option),
    path_(path) {
    if (path_.empty()) return;
    file_.open(path_, std::ios::binary | std::ios::trunc);
    if (!file_) fail("cannot be created: name a file in a folder of yours");
}

void OutputFile::close() {
    if (!is_open()) return;
    file_.close();
    if (!file_) fail("cannot be written to its end: is the disk full?");
}

void OutputFile::fail(std::string_view why) const {
    throw OptionError{fmt::format("--{}: '{}' {}", option_, path_, why)};
}

} // namespace portscan
