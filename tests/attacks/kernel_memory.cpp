// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/attacks/kernel_memory.h"

#include <cerrno>
#include <fmt/format.h>
#include <fstream>
#include <string>
#include <system_error>

namespace portscan::attacks {
namespace {

std::uint64_t memory_of(int map) {
    std::ifstream info{fmt::format("/proc/self/fdinfo/{}", map)};
    for (std::string word; info >> word;) {
        std::uint64_t bytes = 0;
        if (word == "memlock:" && info >> bytes) return bytes;
    }
    throw std::system_error(ENODATA, std::generic_category(), "read the size of a map");
}

} // namespace

std::uint64_t kernel_memory(const DetectorMaps &maps) {
    std::uint64_t bytes = 0;
    for (const auto &name : detector_map_names()) bytes += memory_of(maps.*name.fd);
    return bytes;
}

} // namespace portscan::attacks
