// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/frame_source.h"

#include <queue>
#include <utility>

namespace portscan {
namespace {

class StoredFrames final : public FrameSource {
  public:
    explicit StoredFrames(std::vector<Frame> frames) : frames_(std::move(frames)) {}

    std::optional<Frame> next() override {
        if (next_ == frames_.size()) return std::nullopt;
        return std::move(frames_[next_++]);
    }

  private:
    std::vector<Frame> frames_;
    std::size_t next_ = 0;
};

class MergedFrames final : public FrameSource {
  public:
    explicit MergedFrames(std::vector<std::unique_ptr<FrameSource>> sources) :
        sources_(std::move(sources)),
        heads_(sources_.size()) {
        for (std::size_t i = 0; i < sources_.size(); ++i) pull(i);
    }

    std::optional<Frame> next() override {
        if (order_.empty()) return std::nullopt;
        const std::size_t source = order_.top().second;
        order_.pop();
        Frame frame = std::move(heads_[source]);
        pull(source);
        return frame;
    }

  private:
    void pull(std::size_t source) {
        auto frame = sources_[source]->next();
        if (!frame) return;
        order_.emplace(frame->time_ns, source);
        heads_[source] = std::move(*frame);
    }

    using Head = std::pair<std::uint64_t, std::size_t>; // time, then source: the order of ties
    std::vector<std::unique_ptr<FrameSource>> sources_;
    std::vector<Frame> heads_;
    std::priority_queue<Head, std::vector<Head>, std::greater<>> order_;
};

} // namespace

std::unique_ptr<FrameSource> frames_of(std::vector<Frame> frames) {
    return std::make_unique<StoredFrames>(std::move(frames));
}

std::unique_ptr<FrameSource> merge(std::vector<std::unique_ptr<FrameSource>> sources) {
    return std::make_unique<MergedFrames>(std::move(sources));
}

} // namespace portscan
