// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/scenario_play.h"

#include "sim/capture.h"

namespace portscan {
namespace {

class Player {
  public:
    Player(std::span<Replay *const> replays, const FramesVisitor &visit,
           const CaptureOptions &options) :
        replays_(replays),
        visit_(visit),
        options_(options) {}

    std::string operator()(const CaptureInput &input) {
        options_.filter = input.filter;
        CaptureReader reader = CaptureReader::open(input.path, options_);
        auto action = input.actions.begin();
        while (const auto frame = reader.next()) {
            for (; action != input.actions.end() && is_due(*action, frame->time_ns); ++action)
                act(*action);
            if (!feed(*frame)) return "";
        }
        for (; action != input.actions.end(); ++action) act(*action);
        return reader.damage();
    }

    std::string operator()(const std::vector<TrafficSpec> &specs) {
        const auto frames = open_traffic(specs);
        while (const auto frame = frames->next()) {
            if (!feed(*frame)) break;
        }
        return "";
    }

    std::string operator()(const std::vector<TextRow> &rows) {
        for (const TextRow &row : rows) {
            if (const auto *action = std::get_if<ActionRow>(&row))
                act(*action);
            else if (!feed(std::get<PacketRow>(row).packet().frame()))
                break;
        }
        return "";
    }

  private:
    static bool is_due(const ActionRow &row, std::uint64_t time_ns) {
        return static_cast<std::uint64_t>(row.time.count()) <= time_ns;
    }

    bool feed(CapturedFrame frame) {
        if (!frame.dissection) frame.dissection = dissect(frame); // once for all replays
        outcomes_.clear();
        for (Replay *const replay : replays_) outcomes_.push_back(replay->feed(frame));
        return visit_(frame, outcomes_);
    }

    bool feed(const Frame &frame) {
        return feed(CapturedFrame{.number = ++number_,
                                  .time_ns = frame.time_ns,
                                  .wire_length = frame.bytes.size(),
                                  .bytes = frame.bytes});
    }

    void act(const ActionRow &row) {
        for (Replay *const replay : replays_) act(row, *replay);
    }

    static void act(const ActionRow &row, Replay &replay) {
        replay.advance_to(static_cast<std::uint64_t>(row.time.count()));
        switch (row.action) {
        case ActionRow::Action::unblock:
            replay.unblock(row.address);
            break;
        case ActionRow::Action::block:
            replay.block(row.address);
            break;
        case ActionRow::Action::allow:
            replay.allow(row.address);
            break;
        case ActionRow::Action::disallow:
            replay.disallow(row.address);
            break;
        case ActionRow::Action::expire:
            replay.expire();
            break;
        case ActionRow::Action::erase:
            replay.erase(row.address);
            break;
        }
    }

    std::span<Replay *const> replays_;
    const FramesVisitor &visit_;
    CaptureOptions options_;
    std::vector<FrameOutcome> outcomes_{};
    std::uint64_t number_ = 0;
};

/// The frames of a capture, as long as it can be read.
class CaptureFrames : public FrameSource {
  public:
    explicit CaptureFrames(const CaptureInput &input) :
        reader_(CaptureReader::open(input.path, {.filter = input.filter})) {}

    std::optional<Frame> next() override {
        while (const auto frame = reader_.next()) {
            if (!frame->selected) continue;
            return Frame{frame->time_ns, Bytes(frame->bytes.begin(), frame->bytes.end())};
        }
        if (!reader_.damage().empty()) throw CaptureError{reader_.damage()};
        return std::nullopt;
    }

  private:
    CaptureReader reader_;
};

} // namespace

std::unique_ptr<FrameSource> open_frames(const ScenarioInput &input) {
    if (const auto *capture = std::get_if<CaptureInput>(&input)) {
        return std::make_unique<CaptureFrames>(*capture);
    }
    if (const auto *specs = std::get_if<std::vector<TrafficSpec>>(&input)) {
        return open_traffic(*specs);
    }
    std::vector<Frame> frames;
    for (const TextRow &row : std::get<std::vector<TextRow>>(input)) {
        const auto *packet = std::get_if<PacketRow>(&row);
        if (packet != nullptr) frames.push_back(packet->packet().frame());
    }
    return frames_of(std::move(frames));
}

std::string play(const ScenarioInput &input, Replay &replay, const FrameVisitor &visit) {
    Replay *const one = &replay;
    return play(input, {&one, 1},
                [&visit](const CapturedFrame &frame, std::span<const FrameOutcome> outcomes) {
                    return visit(frame, outcomes.front());
                });
}

std::string play(const ScenarioInput &input, std::span<Replay *const> replays,
                 const FramesVisitor &visit, const CaptureOptions &options) {
    return std::visit(Player{replays, visit, options}, input);
}

} // namespace portscan
