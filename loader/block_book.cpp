// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/block_book.h"

#include <utility>

namespace portscan {

BlockBook::BlockBook(const Registry &registry, std::function<void(const BlockChange &)> tell,
                     std::function<std::string(unsigned)> interface_name) :
    registry_{&registry},
    tell_{std::move(tell)},
    interface_name_{std::move(interface_name)} {
    registry_->for_each(true, [this](const SourceRecord &record) {
        known_[record.source] = {.since_ns = record.timestamp_ns};
    });
}

void BlockBook::add(const BlockEvent &event) {
    tell_(block_of(event, interface_name_(event.ifindex)));
    known_[event.source] = {.since_ns = event.time_ns};
}

void BlockBook::review(const ExpiryReport &report, const DetectorOptions &options,
                       std::uint64_t now_ns) {
    const bool unchanged = report.blocks_freed == 0 && report.blocks_lifted == 0 &&
                           report.blocks_left == known_.size();
    if (unchanged) return;
    note_present();
    tell_gone(options, now_ns);
}

/// Blocks whose event was lost, or that were made by hand, are new here.
void BlockBook::note_present() {
    registry_->for_each(true, [this](const SourceRecord &record) {
        const auto [entry, is_new] =
            known_.try_emplace(record.source, Known{.since_ns = record.timestamp_ns});
        entry->second.seen = true;
        if (!is_new) return;
        tell_(change_of(BlockChange::Kind::blocked, record, record.timestamp_ns,
                        record.manual ? std::string{} : interface_name_(record.ifindex),
                        record.manual ? "by hand" : "threshold"));
    });
}

void BlockBook::tell_gone(const DetectorOptions &options, std::uint64_t now_ns) {
    for (auto entry = known_.begin(); entry != known_.end();) {
        if (std::exchange(entry->second.seen, false)) {
            ++entry;
            continue;
        }
        const bool over = options.block_for &&
                          now_ns >= entry->second.since_ns +
                                        static_cast<std::uint64_t>(options.block_for->count());
        tell_({.kind = BlockChange::Kind::unblocked,
               .source = entry->first,
               .time_ns = now_ns,
               .why = over ? "block-for is over" : "by hand or allowlist"});
        entry = known_.erase(entry);
    }
}

} // namespace portscan
