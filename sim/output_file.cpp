// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/output_file.h"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <stdexcept>

namespace portscan {

OutputFile::OutputFile(std::string_view option, const std::string &path, const InputFiles &inputs) :
    option_(option),
    path_(path) {
    if (path_.empty() || path_ == "-") return;
    inputs.refuse_as_output(option, path_);
    file_.open(path_, std::ios::binary | std::ios::trunc);
    if (!file_)
        throw OptionError{fmt::format("{}: '{}' cannot be created: {}; name a file in a folder of "
                                      "yours",
                                      option_, path_, std::strerror(errno))};
}

void OutputFile::close() {
    if (!is_open()) return;
    file_.close();
    if (!file_)
        throw std::runtime_error{
            fmt::format("{}: '{}' could not be written whole: is the disk full?", option_, path_)};
}

} // namespace portscan
