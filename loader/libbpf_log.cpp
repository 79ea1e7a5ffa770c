// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/libbpf_log.h"

#include <array>
#include <bpf/libbpf.h>
#include <cstdarg>
#include <cstdio>
#include <sstream>

namespace portscan {
namespace {

thread_local std::string *collected = nullptr; // of the thread's log; null: there is none

int collect(libbpf_print_level level, const char *format, va_list arguments) {
    if (level == LIBBPF_DEBUG || collected == nullptr) return 0;
    std::array<char, 4096> text{};
    const int length = vsnprintf(text.data(), text.size(), format, arguments);
    *collected += text.data();
    return length;
}

bool is_noise(const std::string &line) {
    for (const char *word : {"-- BEGIN", "-- END", "processed ", "verification time", "stack depth",
                             "failed to load", "BPF program load failed"})
        if (line.find(word) != std::string::npos) return true;
    return line.empty();
}

} // namespace

LibbpfLog::LibbpfLog() {
    // Once, and for all threads: the setting is the process'.
    [[maybe_unused]] static const auto libbpfs_own = libbpf_set_print(collect);
    collected = &text_;
}

LibbpfLog::~LibbpfLog() {
    collected = nullptr;
}

std::string LibbpfLog::reason() const {
    std::istringstream lines{text_};
    std::string reason;
    for (std::string line; std::getline(lines, line);)
        if (!is_noise(line)) reason = line;
    return reason;
}

} // namespace portscan
