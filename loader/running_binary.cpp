// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/running_binary.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdlib>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace portscan {
namespace {

constexpr const char *lock_variable = "XDP_PORTSCAN_LOCK_FD";

std::string own_path() {
    std::array<char, PATH_MAX> path{};
    const ssize_t length = readlink("/proc/self/exe", path.data(), path.size());
    return length > 0 ? std::string{path.data(), static_cast<std::size_t>(length)} : std::string{};
}

} // namespace

RunningBinary::RunningBinary(int argc, char **argv) :
    path_{own_path()},
    arguments_{argv, argv + argc},
    identity_{identify(path_)} {}

std::optional<RunningBinary::Identity> RunningBinary::identify(const std::string &path) {
    struct stat info {};
    if (stat(path.c_str(), &info) != 0) return std::nullopt;
    return Identity{.device = info.st_dev,
                    .inode = info.st_ino,
                    .modified_ns =
                        std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec};
}

bool RunningBinary::has_changed() const {
    const auto present = identify(path_);
    return present && present != identity_;
}

int RunningBinary::replace(const InstanceLock &lock) const {
    std::vector<char *> arguments;
    for (const auto &argument : arguments_)
        arguments.push_back(const_cast<char *>(argument.c_str()));
    arguments.push_back(nullptr);
    setenv(lock_variable, std::to_string(lock.keep_across_exec()).c_str(), 1);
    execv(path_.c_str(), arguments.data());
    const int error = errno;
    unsetenv(lock_variable);
    return error;
}

std::optional<int> RunningBinary::take_inherited_lock() {
    const char *const value = std::getenv(lock_variable);
    if (value == nullptr) return std::nullopt;
    const std::string_view text{value};
    int fd = -1;
    std::from_chars(text.data(), text.data() + text.size(), fd);
    unsetenv(lock_variable);
    return fd >= 0 ? std::optional{fd} : std::nullopt;
}

} // namespace portscan
