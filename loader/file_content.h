// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <string>

namespace portscan {

/// What a file holds. Throws std::system_error where it cannot be read, with EFBIG where there are
/// more than `most` bytes in it, as in a device without an end.
std::string read_content(const std::string &path, std::size_t most);

} // namespace portscan
