// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/dissect.h"
#include "sim/frame.h"
#include "sim/pcapng.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace portscan {

/// A capture that cannot be read at all: missing, not a capture, a link type that is not
/// supported. what() is one line that names the file.
class CaptureError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// One record of a capture, always presented as Ethernet.
struct CapturedFrame {
    std::uint64_t number = 0; ///< 1-based over every record of the file, as Wireshark counts
    /// Since the Unix epoch; 0 to INT64_MAX, at which times before and beyond are held.
    std::uint64_t time_ns = 0;
    /// Bytes on the wire, in the Ethernet form of `bytes`, and never fewer than those.
    std::uint64_t wire_length = 0;
    /// Captured bytes; valid until the next call of next(). Empty also where a record ends within
    /// the header of its own link layer.
    ByteView bytes;
    /// Sent by the capturing host: Linux cooked packet type 4, or the direction of a pcapng.
    bool outgoing = false;
    bool selected = true; ///< matches the pcap filter (true without one)
    /// The record as it stands in a pcapng, where CaptureOptions::blocks wants the others.
    pcapng::Block block{};
    std::optional<Dissection> dissection{}; ///< where it was dissected already (sim/read_ahead.h)

    bool cut() const { return bytes.size() < wire_length; }
};

/// What to say where the filter of a capture matches none of so many packets.
std::string nothing_selected(std::uint64_t packets);

/// Of its bytes.
Dissection dissect(const CapturedFrame &frame);

struct CaptureOptions {
    /// pcap filter expression (pcap-filter(7)), applied to the bytes as captured; empty:
    /// everything.
    std::string filter{};
    /// Given each block that is no packet, in the order of the file, from open() on: with
    /// CapturedFrame::block all that a pcapng holds. A pcap is shown as the pcapng that it would
    /// be.
    std::function<void(const pcapng::Block &)> blocks{};
};

/// Reads pcap (us, ns, both byte orders) and pcapng, plain, gzip or zstd, by content and not by
/// name. Memory does not grow with the file. Link types: EN10MB, RAW, IPV4, IPV6, LINUX_SLL,
/// LINUX_SLL2, NULL and LOOP; in a pcapng each interface may have another one. A frame check
/// sequence that a pcapng tells of is taken off.
class CaptureReader {
  public:
    /// `-` is standard input. Reads up to the first record. Throws CaptureError, also for a filter
    /// that does not compile, with the filter compiler's message.
    static CaptureReader open(const std::string &path, const CaptureOptions &options = {});

    CaptureReader(CaptureReader &&) noexcept;
    CaptureReader &operator=(CaptureReader &&) noexcept;
    ~CaptureReader();

    /// The next record; nothing at the end of the file, or where it is damaged: see damage().
    std::optional<CapturedFrame> next();
    /// Why reading ended early, one line that names the record and not the file; empty where the
    /// file was read to its end.
    const std::string &damage() const;
    /// `EN10MB`, `RAW`, `LINUX_SLL` ...: as libpcap names it; of the latest record, or of the first
    /// interface before there is one.
    std::string link_type() const;
    /// Bytes of the file consumed so far and its size (0: not known), for progress.
    std::uint64_t bytes_read() const;
    std::uint64_t file_size() const;

  private:
    struct State;
    explicit CaptureReader(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// Writes Ethernet frames as pcap with nanosecond timestamps; `-` is standard output.
class CaptureWriter {
  public:
    /// A file of that name is replaced by close(), and no earlier where sim/replacement.h can do
    /// that. Throws CaptureError.
    static CaptureWriter create(const std::string &path);

    CaptureWriter(CaptureWriter &&) noexcept;
    CaptureWriter &operator=(CaptureWriter &&) noexcept;
    ~CaptureWriter(); ///< without close() the file is not complete

    /// `wire_length` 0: that of the bytes. Bytes beyond 262,144 are cut, as by a snap length; times
    /// beyond what the format holds (2106) are held there. Throws CaptureError.
    void write(std::uint64_t time_ns, ByteView bytes, std::uint64_t wire_length = 0);
    /// Flushes and closes. Throws CaptureError where the disk refused.
    void close();

  private:
    struct State;
    explicit CaptureWriter(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

} // namespace portscan
