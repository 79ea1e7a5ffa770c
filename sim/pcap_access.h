// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/capture_stream.h"
#include "sim/link_layer.h"
#include "sim/pcapng_reader.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace portscan {

/// What libpcap does for captures; no other file includes its header. Link types are numbered as
/// libpcap has them, where nothing else is said.

/// A link type as files number it, as libpcap does. They differ for raw IP; and the address family
/// of BSD loopback is in network byte order in a section that is big endian, as LOOP always has it.
int dlt_of(std::uint16_t link_type, bool big_endian);
/// `EN10MB`, `RAW` ...; the number where it has no name.
std::string dlt_name(int dlt);
/// Nothing for one that cannot be presented as Ethernet.
std::optional<LinkLayer> link_layer_of(int dlt);

/// Throws OptionError with the compiler's message where no kind of capture that is replayed could
/// be filtered by it.
void check_filter(const std::string &expression);

/// A compiled filter; one that was not compiled matches everything.
class PcapFilter {
  public:
    PcapFilter() = default;
    /// For records of that link type. Throws CaptureError with the compiler's message.
    PcapFilter(int dlt, const std::string &expression);

    bool matches(ByteView bytes, std::uint64_t wire_length) const;

  private:
    friend class PcapFile;
    struct Program;
    explicit PcapFilter(std::shared_ptr<const Program> program) : program_{std::move(program)} {}
    std::shared_ptr<const Program> program_{};
};

/// Reads a pcap.
class PcapFile {
  public:
    /// Reads the header. The stream must stay and outlive this. Throws CaptureError, without the
    /// file's name.
    explicit PcapFile(CaptureStream &stream);
    PcapFile(const PcapFile &) = delete;
    PcapFile &operator=(const PcapFile &) = delete;
    ~PcapFile();

    /// The next record, without a block; nothing at the end, or where damage() says why.
    std::optional<pcapng::Record> next();
    const std::string &damage() const { return damage_; }
    int dlt() const;
    std::uint16_t link_type() const { return link_type_; } ///< as files number it
    /// For the records of this file. Throws CaptureError with the compiler's message.
    PcapFilter compile(const std::string &expression) const;

  private:
    struct Handle;
    std::unique_ptr<Handle> handle_;
    std::string damage_{};
    std::uint16_t link_type_ = 0;
};

} // namespace portscan
