// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/options.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <system_error>

struct bpf_object;

namespace portscan {

/// The maps of a detector by descriptor. The descriptors belong to whoever made them.
struct DetectorMaps {
    int ip_reg = -1;
    int ip6_reg = -1;
    int ports = -1;
    int ports6 = -1;
    int queue = -1;
    int queue6 = -1;
    int allow = -1;
    int allow6 = -1;
    int allow6_in = -1;
    int stats = -1;
    int state = -1;
    int events = -1;
};

/// A map by its name in the object and in a pin directory.
struct DetectorMapName {
    const char *name;
    int DetectorMaps::*fd;
};
/// All maps of DetectorMaps.
std::span<const DetectorMapName> detector_map_names();

struct DetectorSettings {
    /// The object file; empty: the embedded one.
    std::string object_path;
    /// Called between configuration and load, for who wants to hand in maps of its own
    /// (bpf_map__reuse_fd).
    std::function<void(bpf_object *)> prepare;
};

/// The object file cannot be read, or is no detector: whoever named it has to name another one.
class ObjectError : public std::system_error {
  public:
    using std::system_error::system_error;
};

/// The detector object, configured and loaded, not attached: open, configure, load. Every failure
/// is a std::system_error of one line, with the missing capability or kernel feature by name; an
/// ObjectError where the file is at fault.
class Detector {
  public:
    static Detector load(const DetectorOptions &options, const DetectorSettings &settings = {});

    Detector(Detector &&) noexcept;
    Detector &operator=(Detector &&) noexcept;
    ~Detector();

    /// The XDP program `xdp_port_scan_block`, of type BPF_PROG_TYPE_XDP.
    int program() const;
    /// The expiry pass `pscan_expire`, of type BPF_PROG_TYPE_SYSCALL.
    int expire_program() const;
    const DetectorMaps &maps() const;
    /// The map that holds the configuration (configured_options()).
    int config_map() const;
    bpf_object *object() const;
    /// Loaded with xdp.frags: frames may span buffers. False on kernels before 5.18.
    bool has_frags() const;

  private:
    struct State;
    explicit Detector(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// The embedded object file, byte for byte what is loaded.
std::span<const std::uint8_t> embedded_object();

/// The bytes that `path` names, or the embedded object where it is empty. Throws
/// ObjectError where the file cannot be read.
std::vector<std::uint8_t> read_object(const std::string &path);

} // namespace portscan
