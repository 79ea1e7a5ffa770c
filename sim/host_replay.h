// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/capture_replay.h"
#include "sim/host_list.h"

#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

namespace portscan {

/// Runs what each of some hosts would receive, as if the loader ran there: a simulator for each,
/// taken up with the first packet for it. What is for nobody in the list is not selected. Packets
/// for hosts beyond the first `limit` are counted and left out.
class HostReplay final : public CaptureReplay {
  public:
    static constexpr std::size_t most_hosts = 1'024;
    /// Loads another simulator, of the same options.
    using Load = std::function<std::unique_ptr<Simulator>()>;

    /// `first` is the simulator of the first host, so that the options are known to load.
    HostReplay(HostList hosts, std::unique_ptr<Simulator> first, Load load,
               ReplayOptions options = {}, std::size_t limit = most_hosts);
    ~HostReplay() override;

    FrameOutcome feed(const CapturedFrame &frame);
    /// One at a time, which can load a detector.
    std::size_t feed(std::span<const CapturedFrame> frames, const OutcomeVisitor &visit) override;
    ReplayReport report() override;
    void begin_capture() override;
    void start_over() override;

  private:
    struct Books;
    struct Lane {
        Address host;
        Replay replay;
    };

    Replay *replay_of(const Address &host);
    Simulator &free_simulator();
    void move_clock(std::uint64_t time_ns);
    void add(ReplayReport &total, ReplayReport part, const Address &host) const;

    HostList hosts_;
    Load load_;
    ReplayOptions options_;
    std::size_t limit_;
    FrameFitter fitter_;
    std::vector<std::unique_ptr<Simulator>> simulators_{}; ///< the first ones are those of lanes_
    std::vector<std::unique_ptr<Lane>> lanes_{};           ///< in order of their first packets
    std::unordered_map<Address, Replay *, AddressHash> by_host_{};
    std::unique_ptr<Books> books_;
    std::uint64_t clock_ns_ = 0;
};

} // namespace portscan
