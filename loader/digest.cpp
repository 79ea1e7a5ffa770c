// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/digest.h"

#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/evp.h>
#include <stdexcept>

namespace portscan {

std::string sha256_hex(std::span<const std::uint8_t> bytes) {
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
        throw std::runtime_error{"SHA-256 is not available in libcrypto"};
    return fmt::format("{:02x}", fmt::join(digest.begin(), digest.begin() + size, ""));
}

} // namespace portscan
