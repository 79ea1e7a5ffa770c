// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/pins.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <cerrno>
#include <dirent.h>
#include <filesystem>
#include <fmt/format.h>
#include <linux/magic.h>
#include <memory>
#include <poll.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <system_error>

namespace portscan {
namespace {

constexpr const char *usual_mount = "/sys/fs/bpf";
constexpr std::string_view link_prefix = "link_";

[[noreturn]] void fail(int error, const std::string &what) {
    throw std::system_error(error, std::generic_category(), what);
}

bool is_bpf_file_system(const std::string &path) {
    struct statfs info {};
    return statfs(path.c_str(), &info) == 0 &&
           static_cast<unsigned long>(info.f_type) == BPF_FS_MAGIC;
}

/// Without `.`, `..` and slashes that say nothing.
std::string plain_path(const std::string &path) {
    std::string plain = std::filesystem::path{path}.lexically_normal().string();
    while (plain.size() > 1 && plain.ends_with('/')) plain.pop_back();
    return plain;
}

std::string parent_of(const std::string &path) {
    return std::filesystem::path{path}.parent_path().string();
}

/// The path itself, or the first folder above it that is there.
std::string nearest_present(std::string path) {
    while (path.size() > 1 && access(path.c_str(), F_OK) != 0) path = parent_of(path);
    return path;
}

void make_folders(const std::string &path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) fail(error.value(), fmt::format("make folder {}", path));
}

/// At the usual place where the directory is to stand below it, else at the directory itself. Never
/// over anything: what is pinned in a file system that is there already would be out of reach.
void mount_bpf_file_system(const std::string &path) {
    const bool usual = path.starts_with(std::string{usual_mount} + "/");
    const std::string where = usual ? usual_mount : path;
    const bool is_new = access(where.c_str(), F_OK) != 0;
    if (is_new) make_folders(where);
    std::error_code ignored;
    if (!usual && !std::filesystem::is_empty(where, ignored))
        fail(EEXIST, fmt::format("no BPF file system at {}, which holds something else; give a "
                                 "--pin-dir on one",
                                 where));
    if (mount("bpf", where.c_str(), "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") == 0)
        return;
    const int error = errno;
    if (is_new) rmdir(where.c_str());
    fail(error, fmt::format("no BPF file system at {} and it cannot be mounted; mount it as root "
                            "(mount -t bpf bpf {}) or give a --pin-dir on one",
                            where, where));
}

FileDescriptor open_directory(const std::string &path) {
    FileDescriptor fd{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (fd.get() < 0 && errno != ENOENT) fail(errno, fmt::format("open pin directory {}", path));
    return fd;
}

void check_owner(const std::string &path, int fd) {
    struct stat info {};
    if (fstat(fd, &info) != 0) fail(errno, fmt::format("inspect pin directory {}", path));
    if (info.st_uid != geteuid())
        fail(EPERM, fmt::format("pin directory {} belongs to user {}: run as that user, or give "
                                "another --pin-dir",
                                path, info.st_uid));
    if ((info.st_mode & 0777) != 0700 && fchmod(fd, 0700) != 0)
        fail(errno, fmt::format("close pin directory {} to others (chmod 700)", path));
}

/// `/proc/locks` names a file by its device and inode: `00:29:225266`.
std::string lock_identity(int fd) {
    struct stat info {};
    if (fstat(fd, &info) != 0) fail(errno, "inspect pin directory");
    return fmt::format("{:02x}:{:02x}:{}", major(info.st_dev), minor(info.st_dev), info.st_ino);
}

pid_t lock_owner(const std::string &identity) {
    const std::unique_ptr<FILE, int (*)(FILE *)> file{fopen("/proc/locks", "re"), fclose};
    if (file == nullptr) return 0;
    char kind[16], where[64], line[256];
    int pid = 0;
    while (fgets(line, sizeof(line), file.get()) != nullptr)
        if (sscanf(line, "%*s %15s %*s %*s %d %63s", kind, &pid, where) == 3 &&
            kind == std::string_view{"FLOCK"} && where == identity)
            return std::max(pid, 0);
    return 0;
}

} // namespace

PinDirectory::PinDirectory(std::string path, FileDescriptor directory) :
    path_{std::move(path)},
    directory_{std::move(directory)} {}

PinDirectory PinDirectory::create(const std::string &path_given) {
    const std::string path = plain_path(path_given);
    if (!path.starts_with('/'))
        fail(EINVAL, fmt::format("pin directory {} is no absolute path", path));
    if (path == usual_mount)
        fail(EINVAL, fmt::format("{} is everybody's: give a --pin-dir below it", path));
    if (!is_bpf_file_system(nearest_present(path))) mount_bpf_file_system(path);
    make_folders(parent_of(path));
    if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
        fail(errno, fmt::format("make pin directory {} (its name may hold no dot)", path));
    FileDescriptor fd = open_directory(path);
    if (fd.get() < 0) fail(errno, fmt::format("open pin directory {}", path));
    check_owner(path, fd.get());
    return {path, std::move(fd)};
}

std::optional<PinDirectory> PinDirectory::open(const std::string &path_given) {
    const std::string path = plain_path(path_given);
    FileDescriptor fd = open_directory(path);
    if (fd.get() < 0) return std::nullopt;
    return PinDirectory{path, std::move(fd)};
}

FileDescriptor PinDirectory::get(const std::string &name) const {
    FileDescriptor fd{bpf_obj_get(path_of(name).c_str())};
    if (fd.get() < 0 && errno != ENOENT) fail(errno, fmt::format("open {}", path_of(name)));
    return fd;
}

void PinDirectory::pin(int fd, const std::string &name) const {
    const std::string path = path_of(name);
    if (bpf_obj_pin(fd, path.c_str()) == 0) return;
    if (errno != EEXIST) fail(errno, fmt::format("pin {}", path));
    const std::string next = path_of("next_" + name);
    unlink(next.c_str());
    if (bpf_obj_pin(fd, next.c_str()) != 0) fail(errno, fmt::format("pin {}", next));
    if (rename(next.c_str(), path.c_str()) != 0) {
        const int error = errno;
        unlink(next.c_str());
        fail(error, fmt::format("replace pin {}", path));
    }
}

bool PinDirectory::unpin(const std::string &name) const {
    if (unlink(path_of(name).c_str()) == 0) return true;
    if (errno != ENOENT) fail(errno, fmt::format("remove pin {}", path_of(name)));
    return false;
}

std::vector<std::string> PinDirectory::names() const {
    const std::unique_ptr<DIR, int (*)(DIR *)> directory{opendir(path_.c_str()), closedir};
    if (directory == nullptr) fail(errno, fmt::format("read pin directory {}", path_));
    std::vector<std::string> names;
    while (const dirent *entry = readdir(directory.get()))
        if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
    std::sort(names.begin(), names.end());
    return names;
}

void PinDirectory::set_mark(const std::string &name) const {
    if (mkdir(path_of(name).c_str(), 0700) != 0 && errno != EEXIST)
        fail(errno, fmt::format("make {}", path_of(name)));
}

bool PinDirectory::has_mark(const std::string &name) const {
    return access(path_of(name).c_str(), F_OK) == 0;
}

void PinDirectory::clear_mark(const std::string &name) const {
    if (rmdir(path_of(name).c_str()) != 0 && errno != ENOENT)
        fail(errno, fmt::format("remove {}", path_of(name)));
}

void PinDirectory::remove_if_empty() const {
    if (rmdir(path_.c_str()) == 0) return;
    // EACCES, EPERM: whoever prepared it for this user can make it anew, and this user cannot.
    for (const int stays : {ENOTEMPTY, EBUSY, ENOENT, EACCES, EPERM})
        if (errno == stays) return;
    fail(errno, fmt::format("remove pin directory {}", path_));
}

std::optional<InstanceLock> InstanceLock::take(const PinDirectory &directory) {
    FileDescriptor fd = open_directory(directory.path());
    if (fd.get() < 0) fail(errno, fmt::format("open pin directory {}", directory.path()));
    // Who only asks for the holder may have it for an instant.
    for (int tries = 0; tries < 10; ++tries) {
        if (flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return InstanceLock{std::move(fd)};
        if (errno != EWOULDBLOCK)
            fail(errno, fmt::format("lock pin directory {}", directory.path()));
        poll(nullptr, 0, 10);
    }
    return std::nullopt;
}

std::optional<InstanceLock> InstanceLock::inherit(const PinDirectory &directory, int fd) {
    struct stat inherited {
    }, expected{};
    if (fstat(fd, &inherited) != 0 || fstat(directory.descriptor(), &expected) != 0 ||
        inherited.st_dev != expected.st_dev || inherited.st_ino != expected.st_ino ||
        flock(fd, LOCK_EX | LOCK_NB) != 0)
        return std::nullopt;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    return InstanceLock{FileDescriptor{fd}};
}

std::optional<pid_t> InstanceLock::holder(const PinDirectory &directory) {
    // A shared lock for an instant is the only way to ask where /proc/locks shows nobody.
    if (const pid_t pid = lock_owner(lock_identity(directory.descriptor())); pid != 0) return pid;
    const FileDescriptor fd = open_directory(directory.path());
    if (fd.get() < 0 || flock(fd.get(), LOCK_SH | LOCK_NB) == 0) return std::nullopt;
    return 0;
}

int InstanceLock::keep_across_exec() const {
    fcntl(fd_.get(), F_SETFD, 0);
    return fd_.get();
}

std::string link_pin_name(std::string_view interface) {
    std::string name{link_prefix};
    for (const char c : interface) name += c == '.' ? "%2e" : c == '%' ? "%25" : std::string(1, c);
    return name;
}

std::optional<std::string> interface_of_pin(std::string_view pin_name) {
    if (!pin_name.starts_with(link_prefix)) return std::nullopt;
    std::string interface;
    for (std::string_view rest = pin_name.substr(link_prefix.size()); !rest.empty();) {
        const bool dot = rest.starts_with("%2e");
        const bool escaped = dot || rest.starts_with("%25");
        interface += dot ? '.' : rest.front();
        rest.remove_prefix(escaped ? 3 : 1);
    }
    return interface;
}

} // namespace portscan
