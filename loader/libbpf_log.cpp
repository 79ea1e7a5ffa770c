// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/libbpf_log.h"

#include <array>
#include <bpf/libbpf.h>
#include <cstdarg>
#include <cstdio>
#include <sstream>

namespace portscan {
namespace {

thread_local std::string collected;

int collect(libbpf_print_level level, const char *format, va_list arguments) {
    if (level == LIBBPF_DEBUG) return 0;
    std::array<char, 4096> text{};
    const int length = vsnprintf(text.data(), text.size(), format, arguments);
    collected += text.data();
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
    collected.clear();
    libbpf_set_print(collect);
}

LibbpfLog::~LibbpfLog() {
    libbpf_set_print(nullptr);
}

std::string LibbpfLog::reason() const {
    std::istringstream lines{collected};
    std::string reason;
    for (std::string line; std::getline(lines, line);)
        if (!is_noise(line)) reason = line;
    return reason;
}

} // namespace portscan
