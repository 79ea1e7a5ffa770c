// SPDX-License-Identifier: GPL-2.0-or-later
// Runs a fuzz target, without libFuzzer, over the inputs that are kept of it: FOLDER.
#include "tests/fuzz/fuzz.h"
#include "tests/program.h"

#include <cstdio>
#include <filesystem>

int main(int count, char **arguments) {
    unsigned inputs = 0;
    for (int i = 1; i < count; ++i) {
        for (const auto &entry : std::filesystem::directory_iterator{arguments[i]}) {
            // Named before it runs: what ends the process is the last one.
            std::printf("%s\n", entry.path().c_str());
            std::fflush(stdout);
            const std::string input = portscan::read_file(entry.path());
            LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t *>(input.data()),
                                   input.size());
            ++inputs;
        }
    }
    std::printf("%u inputs\n", inputs);
    return inputs == 0 ? 1 : 0; // nothing to run is no success
}
