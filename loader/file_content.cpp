// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/file_content.h"

#include <cerrno>
#include <fmt/format.h>
#include <fstream>
#include <system_error>

namespace portscan {

std::string read_content(const std::string &path, std::size_t most) {
    constexpr std::size_t piece = std::size_t{64} * 1024;
    const auto fail = [&](int error) {
        throw std::system_error{error, std::generic_category(),
                                fmt::format("cannot read {}", path)};
    };
    errno = 0;
    std::ifstream file{path, std::ios::binary};
    std::string content;
    while (file && content.size() <= most) {
        const std::size_t before = content.size();
        content.resize(before + piece);
        file.read(content.data() + before, piece);
        content.resize(before + static_cast<std::size_t>(file.gcount()));
    }
    // A folder opens, and fails on the first read.
    if (!file.is_open() || file.bad()) fail(errno != 0 ? errno : EIO);
    if (content.size() > most) fail(EFBIG);
    return content;
}

} // namespace portscan
