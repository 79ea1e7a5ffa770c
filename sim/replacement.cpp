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

/// Where the links of the path end; absolute.
std::string resolved(const std::string &path) {
    std::error_code unresolvable;
    const auto absolute = std::filesystem::absolute(path, unresolvable);
    if (unresolvable) return {};
    const auto target = std::filesystem::weakly_canonical(absolute, unresolvable);
    return unresolvable ? std::string{} : target.string();
}

/// One that standard output leads to, say, which would go on into a file without a name.
bool is_open_here(const struct stat &file) {
    std::error_code unreadable;
    for (const auto &entry : std::filesystem::directory_iterator{"/proc/self/fd", unreadable}) {
        struct stat other {};
        if (stat(entry.path().c_str(), &other) == 0 && other.st_dev == file.st_dev &&
            other.st_ino == file.st_ino)
            return true;
    }
    return false;
}

/// A file that another one can take the place of, and nobody but for its content would notice.
bool is_replaceable(const std::string &target, const struct stat &status) {
    return S_ISREG(status.st_mode) && status.st_nlink == 1 && status.st_uid == geteuid() &&
           status.st_gid == getegid() && access(target.c_str(), W_OK) == 0 && !is_open_here(status);
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

bool Replacement::take_place() const {
    constexpr int most_tries = 100;
    const auto link_as = [this](const std::string &name) {
        return linkat(AT_FDCWD, path().c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0;
    };
    if (link_as(target_)) return true;
    // A link does not replace a file, but a name does.
    for (int i = 0; errno == EEXIST && i < most_tries; ++i) {
        const std::string beside = fmt::format("{}.{}-{}", target_, getpid(), i);
        if (!link_as(beside)) continue;
        if (std::rename(beside.c_str(), target_.c_str()) == 0) return true;
        unlink(beside.c_str());
        return false; // a mount point, say
    }
    return false;
}

void Replacement::commit() {
    if (take_place()) return;
    std::filesystem::copy_file(path(), target_, std::filesystem::copy_options::overwrite_existing);
}

} // namespace portscan
