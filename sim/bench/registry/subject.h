// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/detector.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace portscan::bench {

/// How large a registry is built.
struct Sizes {
    std::uint32_t sources = 1'000'000; ///< records it holds at most
    std::uint32_t unblocked = 500'000; ///< of those, unblocked ones, where a queue bounds them
};

/// A loaded registry: a variant, or the shipped detector.
struct Subject {
    std::shared_ptr<void> owner; ///< keeps the descriptors open
    int program = -1;            ///< of type BPF_PROG_TYPE_XDP
    int registry = -1;           ///< hash map whose values begin with a portscan_record
    int queue = -1;              ///< ring of keys; -1: none
};

/// What is measured, and how to make one. Each load starts empty.
struct Candidate {
    std::string name;
    std::string fails;   ///< of what the registry must do, one sentence; empty: nothing
    bool evicts = false; ///< takes new sources when full
    std::function<Subject(const Sizes &)> load;
};

/// Every variant and the shipped detector (`object_path` empty: the embedded object), in the order
/// of the report.
std::vector<Candidate> candidates(const std::string &object_path);

/// The shipped detector with default options, but for the sizes.
Subject load_detector(const Sizes &sizes, const std::string &object_path);

/// Passes everything: what a test run itself costs.
Subject load_empty_program();

/// Kernel memory of registry and queue in bytes, as the kernel reports it in fdinfo (`memlock`,
/// what bpftool shows). Throws std::runtime_error where it does not.
std::uint64_t kernel_memory(const Subject &subject);

/// Elements in the registry.
std::uint32_t element_count(const Subject &subject);

/// Puts blocks of the sources numbered `first` to `first + count - 1` into the registry from user
/// space. Throws std::system_error where they do not fit.
void add_blocks(const Subject &subject, std::uint32_t first, std::uint32_t count);

/// How many of those sources are still blocks.
std::uint32_t count_blocks(const Subject &subject, std::uint32_t first, std::uint32_t count);

} // namespace portscan::bench
