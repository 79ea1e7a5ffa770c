// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/digest.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <vector>

namespace portscan {
namespace {

// Names and constants are those of FIPS 180-4, section numbers beside them. Of our own, since
// libcrypto takes 3.3 MB of a resident loader for this one digest.

using Block = std::span<const std::uint8_t, 64>;
using State = std::array<std::uint32_t, 8>;

/// 4.2.2: fractional parts of the cube roots of the first 64 primes.
constexpr std::array<std::uint32_t, 64> constants{
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/// 5.3.3: fractional parts of the square roots of the first eight primes.
constexpr State initial_state{
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

/// 6.2.2, step 1: the message schedule.
std::array<std::uint32_t, 64> schedule_of(Block block) {
    std::array<std::uint32_t, 64> w{};
    for (std::size_t t = 0; t < 64; ++t) {
        if (t < 16) {
            for (std::size_t i = 0; i < 4; ++i) w[t] = w[t] << 8 | block[4 * t + i];
            continue;
        }
        const std::uint32_t sigma0 =
            std::rotr(w[t - 15], 7) ^ std::rotr(w[t - 15], 18) ^ (w[t - 15] >> 3);
        const std::uint32_t sigma1 =
            std::rotr(w[t - 2], 17) ^ std::rotr(w[t - 2], 19) ^ (w[t - 2] >> 10);
        w[t] = sigma1 + w[t - 7] + sigma0 + w[t - 16];
    }
    return w;
}

/// 6.2.2, steps 2 to 4.
void compress(State &state, Block block) {
    const auto w = schedule_of(block);
    auto [a, b, c, d, e, f, g, h] = state;
    for (std::size_t t = 0; t < 64; ++t) {
        const std::uint32_t sum1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
        const std::uint32_t sum0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
        const std::uint32_t choice = (e & f) ^ (~e & g);
        const std::uint32_t majority = (a & b) ^ (a & c) ^ (b & c);
        const std::uint32_t t1 = h + sum1 + choice + constants[t] + w[t];
        h = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + sum0 + majority;
    }
    const State worked{a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < state.size(); ++i) state[i] += worked[i];
}

/// 5.1.1: what follows the last whole block: the rest, a one bit, zeros, the length in bits.
std::vector<std::uint8_t> padded_rest(std::span<const std::uint8_t> bytes) {
    const auto rest = bytes.last(bytes.size() % 64);
    std::vector<std::uint8_t> blocks(rest.size() < 56 ? 64 : 128);
    std::copy(rest.begin(), rest.end(), blocks.begin());
    blocks[rest.size()] = 0x80;
    const std::uint64_t bits = std::uint64_t{bytes.size()} * 8;
    for (std::size_t i = 0; i < 8; ++i)
        blocks[blocks.size() - 1 - i] = static_cast<std::uint8_t>(bits >> (8 * i));
    return blocks;
}

void compress_all(State &state, std::span<const std::uint8_t> blocks) {
    for (; blocks.size() >= 64; blocks = blocks.subspan(64)) compress(state, blocks.first<64>());
}

} // namespace

std::string sha256_hex(std::span<const std::uint8_t> bytes) {
    State state = initial_state;
    compress_all(state, bytes);
    compress_all(state, padded_rest(bytes));
    return fmt::format("{:08x}", fmt::join(state, ""));
}

} // namespace portscan
