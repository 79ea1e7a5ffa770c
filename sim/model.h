// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"
#include "loader/options.h"
#include "loader/verdict.h"
#include "sim/model_packet.h"

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <vector>

namespace portscan {

/// What is remembered of a source.
struct ModelRecord {
    std::vector<std::uint16_t> ports{}; ///< recorded, in order
    std::uint64_t timestamp_ns = 0;     ///< last refresh, or the block
    bool blocked = false;
    std::uint16_t trigger_port = 0; ///< of a block that the detector made
    bool manual = false;            ///< of a block: made by hand
    bool dry_run = false;           ///< of a block: decided in a dry run

    bool operator==(const ModelRecord &) const = default;
};

struct ModelOutcome {
    Verdict verdict = Verdict::pass;
    Reason reason = Reason::not_ip;

    bool operator==(const ModelOutcome &) const = default;
};

/// A source became blocked.
struct ModelEvent {
    Prefix source;
    std::uint64_t time_ns = 0;
    std::vector<std::uint16_t> ports;
    std::uint16_t trigger_port = 0;
    bool dry_run = false;

    bool operator==(const ModelEvent &) const = default;
};

struct ModelCounters {
    std::array<std::uint64_t, 5> verdicts{}; ///< by Verdict; malformed ones count as aborted
    std::array<std::uint64_t, reason_count> reasons{};
    std::uint64_t probes = 0;
    std::uint64_t inserted = 0;      ///< records made
    std::uint64_t blocks = 0;        ///< made by the detector
    std::uint64_t would_drop = 0;    ///< drops that a dry run passed
    std::uint64_t registry_size = 0; ///< at the last expiry pass
};

enum class ModelBlock : std::uint8_t { blocked, already_blocked, allowlisted, bound_reached };

/// What an expiry pass did.
struct ModelExpiry {
    std::uint64_t sources_freed = 0;
    std::uint64_t blocks_freed = 0;
    std::uint64_t sources_left = 0;
    std::uint64_t blocks_left = 0;

    bool operator==(const ModelExpiry &) const = default;
};

/// The detector as its specification reads (docs/detection.md), in plain C++ with plain containers:
/// what `xdp-portscan-sim fuzz` holds the program against, and what to read to know the rules. It
/// shares no code with the program. It has no bound on unblocked records, so it never evicts, and
/// one thread, so there is no contention.
class Model {
  public:
    explicit Model(const DetectorOptions &options);

    /// The detector's clock, for whatever comes next; may run backwards.
    void set_time(std::uint64_t now_ns) { now_ns_ = now_ns; }
    /// Decides on a frame, and remembers.
    ModelOutcome packet(std::span<const std::uint8_t> frame);

    // What people do to it.
    bool unblock(const Address &address); ///< true if there was a record
    ModelBlock block(const Address &address);
    void allow(const Prefix &prefix);
    bool disallow(const Prefix &prefix); ///< true if the entry was there
    ModelExpiry expire();

    /// What is tracked for packets from that address.
    Prefix source_of(const Address &address) const;
    const std::map<Prefix, ModelRecord> &records() const { return records_; }
    const ModelCounters &counters() const { return counters_; }
    const std::vector<ModelEvent> &events() const { return events_; } ///< all, in order

  private:
    Reason decide(const ModelPacket &packet);
    Reason decide_probe(const Prefix &source, const ModelPacket &packet);
    Reason cross_threshold(const Prefix &source, ModelRecord &record, std::uint16_t port);
    void refresh(ModelRecord &record) const;

    std::uint64_t age(const ModelRecord &record) const;
    bool is_over(const ModelRecord &record) const;
    bool is_freed(const ModelRecord &record) const;
    bool in_scope(const ModelPacket &packet) const;
    bool is_ignored(std::uint16_t port) const;
    bool is_allowed(const Prefix &source_or_address) const;
    bool may_block(const Prefix &source) const;

    DetectorOptions options_;
    std::uint64_t now_ns_ = 0;
    std::map<Prefix, ModelRecord> records_;
    std::set<Prefix> allowlist_;
    ModelCounters counters_;
    std::vector<ModelEvent> events_;
};

} // namespace portscan
