// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

namespace portscan {

/// Results that could not be written, as on a full disk. That is no fault of an input, and the
/// others are of use without them: a command goes on, and tells of all at its end.
class LostOutputs {
  public:
    /// Runs a step that writes or completes a result.
    void attempt(const auto &step) {
        try {
            step();
        } catch (const std::runtime_error &error) {
            reasons_.emplace_back(error.what());
        }
    }
    /// Runs a step on a writer, unless there is none; one that fails is given up.
    void write(auto &writer, const auto &step) {
        if (!writer) return;
        try {
            step(*writer);
        } catch (const std::runtime_error &error) {
            reasons_.emplace_back(error.what());
            writer.reset();
        }
    }
    /// Flushes what is printed.
    void flush(std::ostream &printed);
    /// Throws std::runtime_error that names each, if there are any.
    void tell() const;

  private:
    std::vector<std::string> reasons_{};
};

} // namespace portscan
