// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace portscan {

/// A stage did not come out: what it expects did not happen, or it went another way than before.
class StageFailure : public std::logic_error {
  public:
    using std::logic_error::logic_error;
};

/// A number for some bytes, by which they are told from others: FNV-1a of 64 bits.
class Digest {
  public:
    Digest &add(const void *data, std::size_t size);
    template <typename T>
    Digest &add_value(const T &value) {
        return add(&value, sizeof(value));
    }
    std::uint64_t value() const { return value_; }

  private:
    std::uint64_t value_ = 0xcbf29ce484222325;
};

/// What could be seen of a detector after each step of a stage, a digest each.
class StageLog {
  public:
    /// One that compares with what another one wrote down, which must outlive it. Others just write
    /// down.
    static StageLog against(const StageLog &before) {
        StageLog log;
        log.before_ = &before;
        return log;
    }

    /// The next step. Throws StageFailure where it is not the one before.
    void note(std::uint64_t digest);
    /// There is no other step. Throws StageFailure where there was before.
    void finish() const;

    std::size_t steps() const { return digests_.size(); }
    /// Of all steps.
    std::uint64_t digest() const;

  private:
    const StageLog *before_ = nullptr;
    std::vector<std::uint64_t> digests_{};
};

} // namespace portscan
