// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/address.h"
#include "sim/frame.h"
#include "sim/random.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace portscan {

/// Who sends to which ports, in one round of fuzzing: few enough to meet again.
struct FuzzCast {
    std::vector<Address> sources;
    std::vector<std::uint16_t> ports;
};

/// Draws Ethernet frames: well formed ones of every structure that the parser knows, and some that
/// are broken at every place. It writes octets by itself, so that the packet library's idea of a
/// packet limits nothing. Frames are at least 14 octets.
class FuzzFrames {
  public:
    /// Both must outlive this.
    FuzzFrames(Random &random, const FuzzCast &cast) : random_(random), cast_(cast) {}

    Bytes next();

  private:
    bool one_in(std::uint64_t n) { return random_.below(n) == 0; }
    /// In a wild frame one in n, in others never.
    bool lies(std::uint64_t n) { return wild_ && one_in(n); }
    std::uint8_t octet() { return static_cast<std::uint8_t>(random_.next()); }
    template <typename List>
    auto pick(const List &list) {
        return list[random_.below(std::size(list))];
    }

    /// The first ones more often, so that some are hot and some are rare.
    template <typename List>
    auto pick_skewed(const List &list) {
        return list[random_.below(random_.below(std::size(list)) + 1)];
    }

    std::uint8_t flags();
    std::size_t segment_size();
    Bytes segment();
    std::uint16_t payload_length(std::size_t right);
    Bytes ipv4(const Address &source);
    Bytes ipv6(const Address &source);
    std::uint16_t fragment_field(unsigned more_bit, unsigned offset_shift);
    void put_extension(Bytes &packet, std::uint8_t protocol, std::uint8_t next);
    void put_tags(Bytes &frame);
    void damage(Bytes &frame);

    Random &random_;
    const FuzzCast &cast_;
    bool wild_ = false; ///< the frame that is being drawn may be wrong
};

} // namespace portscan
