// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/replacement.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace portscan {
namespace {

constexpr mode_t mode_of_new_files = 0666; // less the umask
constexpr mode_t permissions = 07777;

[[noreturn]] void fail() {
    throw std::system_error(errno, std::generic_category());
}

/// Where the links of the path end.
std::string resolved(const std::string &path) {
    std::error_code unresolvable;
    const auto target = std::filesystem::weakly_canonical(path, unresolvable);
    return unresolvable ? std::string{} : target.string();
}

/// A file that another one can take the place of, and nobody but for its content would notice.
bool is_replaceable(const std::string &target, const struct stat &status) {
    return S_ISREG(status.st_mode) && status.st_nlink == 1 && status.st_uid == geteuid() &&
           status.st_gid == getegid() && access(target.c_str(), W_OK) == 0;
}

} // namespace

std::optional<Replacement> Replacement::begin(const std::string &path) {
    const std::string target = resolved(path);
    if (target.empty()) return std::nullopt;
    struct stat old {};
    const bool exists = lstat(target.c_str(), &old) == 0;
    if (exists ? !is_replaceable(target, old) : errno != ENOENT) return std::nullopt;
    const std::string folder = std::filesystem::path{target}.parent_path();
    FileDescriptor file{open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, mode_of_new_files)};
    if (file.get() < 0) return std::nullopt;
    if (exists && fchmod(file.get(), old.st_mode & permissions) != 0) return std::nullopt;
    Replacement replacement{target, std::move(file)};
    if (access(replacement.path().c_str(), W_OK) != 0) return std::nullopt; // no /proc
    return replacement;
}

Replacement::Replacement(std::string target, FileDescriptor file) :
    target_(std::move(target)),
    file_(std::move(file)) {}

std::string Replacement::path() const {
    return fmt::format("/proc/self/fd/{}", file_.get());
}

void Replacement::commit() {
    const auto link_as = [this](const std::string &name) {
        return linkat(AT_FDCWD, path().c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0;
    };
    if (link_as(target_)) return;
    if (errno != EEXIST) fail();
    // A link does not replace a file, but a name does.
    const std::string beside = fmt::format("{}.{}", target_, getpid());
    if (!link_as(beside)) fail();
    if (std::rename(beside.c_str(), target_.c_str()) == 0) return;
    const int error = std::exchange(errno, 0);
    unlink(beside.c_str());
    errno = error;
    fail();
}

} // namespace portscan
