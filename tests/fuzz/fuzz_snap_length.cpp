// SPDX-License-Identifier: GPL-2.0-or-later
// Snap lengths are taken out alike however a capture arrives, and nothing else changes.
#include "sim/snap_length.h"
#include "tests/fuzz/fuzz.h"

#include <algorithm>
#include <vector>

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    using namespace portscan;
    if (size == 0) return 0;
    const std::size_t piece = 1 + data[size - 1] % 64;
    const std::vector<std::uint8_t> input{data, data + size - 1};

    auto at_once = input;
    SnapLengthRemover{}.process(at_once);
    auto in_pieces = input;
    SnapLengthRemover remover;
    for (std::size_t at = 0; at < in_pieces.size(); at += piece)
        remover.process(std::span{in_pieces}.subspan(at, std::min(piece, in_pieces.size() - at)));

    fuzz::require(at_once == in_pieces, "pieces of any size give the same");
    for (std::size_t i = 0; i < input.size(); ++i)
        fuzz::require(at_once[i] == input[i] || at_once[i] == 0, "what changes becomes 0");
    return 0;
}
