// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/replay_feed.h"

#include "sim/dissect.h"

#include <utility>

namespace portscan {

ReplayFeed::ReplayFeed(CaptureReader &reader, CaptureReplay &replay, Settings settings) :
    reader_{reader},
    replay_{replay},
    visit_{std::move(settings.visit)} {
    if (!settings.ahead || !ReadAhead::pays_for(reader)) return;
    ReadAhead::Afterwards settle;
    if (Replay *const single = replay.single(); single != nullptr && !visit_)
        settle = [&books = books_.emplace(*single)](auto frames) { books.settle(frames); };
    ahead_.emplace(reader, std::move(settle));
}

std::span<const CapturedFrame> ReplayFeed::next() {
    if (ahead_) return ahead_->next();
    frame_ = reader_.next();
    if (!frame_) return {};
    frame_->dissection = dissect(*frame_);
    return {&*frame_, 1};
}

std::size_t ReplayFeed::run(std::span<const CapturedFrame> frames) {
    return books_ ? books_->run(frames) : replay_.feed(frames, visit_);
}

void ReplayFeed::done() {
    if (books_) books_->hand_over();
}

void ReplayFeed::finish() {
    if (ahead_) ahead_->finish();
}

std::uint64_t ReplayFeed::bytes_read() const {
    return ahead_ ? ahead_->bytes_read() : reader_.bytes_read();
}

} // namespace portscan
