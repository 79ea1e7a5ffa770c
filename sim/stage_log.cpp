// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/stage_log.h"

#include <fmt/format.h>

namespace portscan {

Digest &Digest::add(const void *data, std::size_t size) {
    constexpr std::uint64_t prime = 0x100000001b3;
    for (const std::uint8_t byte : std::span{static_cast<const std::uint8_t *>(data), size})
        value_ = (value_ ^ byte) * prime;
    return *this;
}

void StageLog::note(std::uint64_t digest) {
    const std::size_t step = digests_.size();
    digests_.push_back(digest);
    if (before_ == nullptr) return;
    if (step >= before_->steps() || before_->digests_[step] != digest)
        throw StageFailure(fmt::format("step {} does not leave what it left before", step + 1));
}

void StageLog::finish() const {
    if (before_ != nullptr && before_->steps() != steps())
        throw StageFailure(
            fmt::format("it has {} steps, and had {} before", steps(), before_->steps()));
}

std::uint64_t StageLog::digest() const {
    Digest all;
    for (const std::uint64_t one : digests_) all.add_value(one);
    return all.value();
}

} // namespace portscan
