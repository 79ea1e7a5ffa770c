// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/pcapng.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace portscan::pcapng {

/// A packet and what its interface says of it. Views are valid until the next one is read.
struct Record {
    std::uint16_t link_type = 0; ///< as https://www.tcpdump.org/linktypes.html numbers them
    /// Since the Unix epoch, held at 0 and INT64_MAX. A simple packet has no time: that of the
    /// packet before it on its interface stands for it.
    std::uint64_t time_ns = 0;
    std::uint64_t wire_length = 0; ///< without frame check sequence, as `bytes`; not below theirs
    ByteView bytes{};
    bool outgoing = false; ///< by the direction in its flags
    /// As it stands in the file. With a visitor, a simple packet becomes an enhanced one, which has
    /// room for options.
    Block block{};
};

/// Reads a pcapng file block by block: several sections, of either byte order, each with interfaces
/// of different link types, resolutions and snap lengths. Memory is that of the largest block,
/// 16 MiB at most, and of 65,536 interfaces.
class Reader {
  public:
    /// Puts what comes next into the front of the span and returns how many bytes; 0 at the end.
    using Source = std::function<std::size_t(std::span<std::uint8_t>)>;
    /// Is given each block that is no packet, in the order of the file.
    using Visitor = std::function<void(const Block &)>;

    explicit Reader(Source source, Visitor visitor = {});

    /// The next packet; nothing at the end of the file, or where it is damaged.
    std::optional<Record> next();
    /// Why reading ended early, one line; empty where the file was read to its end.
    const std::string &damage() const { return damage_; }
    /// Of the first interface of the section; nothing while there is none.
    std::optional<std::uint16_t> link_type() const;

  private:
    struct Interface {
        std::uint16_t link_type = 0;
        std::uint32_t snap_length = 0;
        std::uint8_t resolution = 6;
        std::uint8_t check_length = 0; ///< of the frame check sequence, in bytes
        std::int64_t offset_s = 0;
        std::uint64_t ticks = 0; ///< of its latest packet
    };

    bool fill(std::size_t size);
    std::size_t available() const { return end_ - begin_; }
    std::optional<Block> next_block();
    bool read_byte_order();
    bool start_section(const Block &block);
    bool add_interface(const Block &block);
    std::optional<Record> read_packet(const Block &block);
    std::optional<Record> read_simple_packet(const Block &block);
    Interface *find_interface(std::uint32_t id);
    void damaged(std::string reason) { damage_ = std::move(reason); }
    static std::uint64_t time_of(const Interface &interface);

    Source source_;
    Visitor visitor_;
    std::string damage_{};
    std::vector<std::uint8_t> buffer_;
    std::size_t begin_ = 0;      ///< of the block that was read last, or of what comes next
    std::size_t end_ = 0;        ///< of what was read of the file
    std::size_t block_size_ = 0; ///< of the block that was read last
    ByteOrder order_{};
    std::vector<Interface> interfaces_{};
    Bytes converted_{};
};

} // namespace portscan::pcapng
