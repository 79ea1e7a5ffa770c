// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/block_log.h"
#include "loader/expirer.h"
#include "loader/registry.h"

#include <cstdint>
#include <functional>
#include <unordered_map>

namespace portscan {

/// Knows who is blocked, so that a block that ends, or is made or lifted by another process, can be
/// told: the kernel tells of blocks that the program makes only. Told within one expiry pass.
class BlockBook {
  public:
    /// `tell` takes each change. Blocks that are there already are no change.
    BlockBook(const Registry &registry, std::function<void(const BlockChange &)> tell,
              std::function<std::string(unsigned)> interface_name);

    /// The program blocked the source.
    void add(const BlockEvent &event);
    /// After a pass: tells what ended and what others made, as far as anything did.
    void review(const ExpiryReport &report, const DetectorOptions &options, std::uint64_t now_ns);

  private:
    struct Known {
        std::uint64_t since_ns = 0;
        bool seen = false;
    };

    void note_present();
    void tell_gone(const DetectorOptions &options, std::uint64_t now_ns);

    const Registry *registry_;
    std::function<void(const BlockChange &)> tell_;
    std::function<std::string(unsigned)> interface_name_;
    std::unordered_map<Prefix, Known, PrefixHash> known_;
};

} // namespace portscan
