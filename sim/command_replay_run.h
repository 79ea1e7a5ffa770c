// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/capture_list.h"
#include "sim/command_replay_session.h"
#include "sim/interruption.h"
#include "sim/own_host.h"
#include "sim/progress.h"
#include "sim/replay_outputs.h"

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace portscan {

/// What became of one capture.
struct CaptureResult {
    std::string capture;
    std::optional<ReplayReport> report{};
    Timeline timeline{};
    std::vector<std::string> warnings{};
    std::string failure{}; ///< why there is no report
};

/// A command `replay`: all its captures, one after the other or several at a time.
class ReplayRun {
  public:
    /// Folders are opened once the capabilities are gone. Throws OptionError and what loading
    /// throws.
    explicit ReplayRun(const ReplayCommand &command);

    /// Returns the exit status.
    int all();

  private:
    class Share;

    void say_what_is_no_capture();
    void one_after_the_other();
    void several_at_a_time();
    CaptureResult replay(unsigned worker, std::size_t item);
    CaptureResult replay_opened(CaptureReader &reader, CaptureReplay &replay,
                                const std::string &capture);
    bool feed_all(CaptureReader &reader, CaptureReplay &replay, OwnHostDetector &own_host,
                  CaptureResult &result);
    void prepare(unsigned worker);
    void take(const CaptureResult &result);
    void failed(const std::string &why);
    std::vector<std::string> warnings_of(const ReplayReport &report) const;
    bool alone() const { return session_.workers.size() == 1; }

    const ReplayCommand &command_;
    ReplaySession session_;
    CaptureList list_;
    ReplayOutputs outputs_;
    std::vector<char> used_; ///< which workers have replayed something
    Progress progress_;
    Interruption interruption_;
    std::atomic<std::uint64_t> packets_{0}, bytes_{0}; ///< of all workers, with several
    std::size_t taken_ = 0;                            ///< captures whose result is out
    int status_ = 0;
};

} // namespace portscan
