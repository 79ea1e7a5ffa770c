// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/file_descriptor.h"
#include "tests/network_namespace.h"
#include "tests/temporary_directory.h"

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace portscan::test {

/// What a command said and how it ended.
struct CommandResult {
    int status = -1; ///< exit status; 128 + signal where one ended it
    std::string output;
    std::string errors;
};

/// A command in the background; killed with this.
class Process {
  public:
    Process(const std::vector<std::string> &arguments, std::string errors_path);
    Process(Process &&other) noexcept;
    Process &operator=(Process &&) = delete;
    ~Process();

    pid_t pid() const { return pid_; }
    /// What it has written to standard error so far.
    std::string errors() const;
    /// Waits until that holds `text` `times` times, 20 seconds at most.
    bool says(const std::string &text, unsigned times = 1) const;
    void signal(int number) const;
    /// Its exit status, after 20 seconds at most; 128 + signal where one ended it.
    int wait();

  private:
    pid_t pid_;
    std::string errors_path_;
};

/// A host for the loader: a network namespace of its own with a pair of interfaces, `inside` where
/// the loader attaches and `outside` from which packets come, and a BPF file system of its own.
class LoaderHost {
  public:
    LoaderHost();
    LoaderHost(const LoaderHost &) = delete;
    LoaderHost &operator=(const LoaderHost &) = delete;
    ~LoaderHost();

    static constexpr const char *inside = "inside";
    static constexpr const char *outside = "outside";

    /// `xdp-portscan ARGUMENTS --pin-dir ...` to its end.
    CommandResult command(std::vector<std::string> arguments) const;
    /// `load`, with small maps and without the lock-out guard.
    CommandResult load(const std::vector<std::string> &more = {}) const;
    /// `run` alike, when it is up; its metrics are off.
    Process run(const std::vector<std::string> &more = {}) const;
    /// The same without waiting for it.
    Process start(const std::vector<std::string> &more = {}) const;
    /// Any command to its end.
    CommandResult execute(const std::vector<std::string> &arguments) const;

    void make_pair() const;
    void ip(const std::string &arguments) const { network_.ip(arguments); }
    std::string pin_dir() const { return pin_dir_; }
    std::string operator/(const std::string &name) const { return directory_ / name; }
    /// The command that is tested; another one from now on.
    void set_binary(const std::string &path) { binary_ = path; }

    /// Ports of these to which a probe of `source` gets through, in their order.
    std::vector<std::uint16_t> probe(const std::string &source,
                                     const std::vector<std::uint16_t> &ports) const;
    /// Sends one probe and does not look what becomes of it.
    void send_probe(const std::string &source, std::uint16_t port) const;

  private:
    std::vector<std::string> own(std::vector<std::string> arguments) const;

    NetworkNamespace network_;
    TemporaryDirectory directory_;
    std::string bpf_file_system_;
    std::string pin_dir_;
    std::string binary_;
};

} // namespace portscan::test
