// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace portscan {

/// Takes the snap lengths out of a capture while it streams by: each such field is set to 0, "no
/// limit" (draft-ietf-opsawg-pcap and -pcapng). libpcap cuts or refuses a packet larger than the
/// file's snap length, and refuses a pcapng whose interfaces differ in it, as in files merged from
/// several captures; the packets themselves are whole. Anything but a capture passes unchanged. A
/// pcapng simple packet that was cut can no longer be read: nothing else says where it ends.
class SnapLengthRemover {
  public:
    /// The next bytes of the file, in pieces of any size; changed in place.
    void process(std::span<std::uint8_t> bytes);

  private:
    /// What to do once header_ is full.
    enum class Step : std::uint8_t { magic, block, section };

    void header_complete();
    void block_complete();
    void expect(Step step, std::size_t size);
    std::uint32_t word(std::size_t offset) const;

    Step step_ = Step::magic;
    bool big_endian_ = false;
    std::array<std::uint8_t, 12> header_{};
    std::size_t filled_ = 0;
    std::size_t wanted_ = 4;
    /// Then come, in this order, bytes to pass, to erase and again to pass.
    std::uint64_t pass_ = 0;
    std::uint64_t erase_ = 0;
    std::uint64_t pass_after_ = 0;
};

} // namespace portscan
