// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/traffic.h"
#include "sim/traffic_plan.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace portscan {
namespace {

constexpr std::uint64_t latest_time = std::numeric_limits<std::int64_t>::max();

/// Sessions that overlap in time, their frames in order. Holds the frames of those under way.
class TrafficSource final : public FrameSource, private SessionScript {
  public:
    explicit TrafficSource(const TrafficSpec &spec) :
        plan_(plan_traffic(spec)),
        vlans_(spec.vlan),
        start_(spec.start.count()),
        interval_(1e9L / spec.rate.value_or(plan_.kind->defaults.rate)),
        sessions_(session_count(spec)),
        duration_(spec.duration ? spec.duration->count() : latest_time) {}

    std::optional<Frame> next() override {
        while (next_session_ < sessions_ && session_is_due()) begin_session();
        if (pending_.empty()) return std::nullopt;
        std::ranges::pop_heap(pending_, later);
        Frame frame = std::move(pending_.back().frame);
        pending_.pop_back();
        return frame;
    }

  private:
    struct Pending {
        Frame frame;
        std::uint64_t order = 0; ///< of sending, which decides between equal times
    };
    static bool later(const Pending &a, const Pending &b) {
        return std::pair{a.frame.time_ns, a.order} > std::pair{b.frame.time_ns, b.order};
    }

    std::uint64_t session_count(const TrafficSpec &spec) const {
        if (spec.count) return *spec.count;
        if (plan_.kind->total_sessions) return plan_.kind->total_sessions(plan_);
        return spec.duration ? UINT64_MAX : plan_.kind->defaults.count;
    }

    /// Nanoseconds from the first session to the next one; latest_time where that is out of range.
    std::uint64_t next_offset() const {
        const long double offset = std::round(static_cast<long double>(next_session_) * interval_);
        return offset < static_cast<long double>(latest_time) ? static_cast<std::uint64_t>(offset)
                                                              : latest_time;
    }

    bool session_is_due() {
        const std::uint64_t offset = next_offset();
        if (offset >= duration_ || offset >= latest_time - start_) {
            sessions_ = next_session_; // nor does any later one start
            return false;
        }
        return pending_.empty() || start_ + offset <= pending_.front().frame.time_ns;
    }

    void begin_session() {
        session_start_ = start_ + next_offset();
        plan_.kind->session(plan_, next_session_++, *this);
    }

    void send(std::chrono::nanoseconds after, Packet packet) override {
        const std::uint64_t time = session_start_ + static_cast<std::uint64_t>(after.count());
        pending_.push_back({{time, packet.vlans(vlans_).bytes()}, sent_++});
        std::ranges::push_heap(pending_, later);
    }

    TrafficPlan plan_;
    std::vector<std::uint16_t> vlans_;
    std::uint64_t start_;
    long double interval_;
    std::uint64_t sessions_;
    std::uint64_t duration_;
    std::uint64_t next_session_ = 0;
    std::uint64_t session_start_ = 0;
    std::uint64_t sent_ = 0;
    std::vector<Pending> pending_{}; ///< a heap, the earliest at its front
};

} // namespace

std::unique_ptr<FrameSource> open_traffic(const TrafficSpec &spec) {
    return std::make_unique<TrafficSource>(spec);
}

std::unique_ptr<FrameSource> open_traffic(const std::vector<TrafficSpec> &specs) {
    std::vector<std::unique_ptr<FrameSource>> sources;
    sources.reserve(specs.size());
    for (const TrafficSpec &spec : specs) sources.push_back(open_traffic(spec));
    return merge(std::move(sources));
}

} // namespace portscan
