// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/capture_list.h"

#include "sim/capture_stream.h"
#include "sim/pcapng.h"
#include "sim/snap_length.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fmt/format.h>
#include <linux/magic.h>
#include <map>
#include <string_view>
#include <sys/vfs.h>
#include <system_error>
#include <utility>

namespace portscan {
namespace {

namespace fs = std::filesystem;

bool is_one_of(std::string_view extension, const auto &known) {
    return std::find(known.begin(), known.end(), extension) != known.end();
}

bool is_named_as_capture(fs::path path) {
    constexpr std::array<std::string_view, 5> compressions{".gz", ".zst", ".xz", ".bz2", ".lz4"};
    constexpr std::array<std::string_view, 4> captures{".pcap", ".pcapng", ".cap", ".dmp"};
    if (is_one_of(path.extension().native(), compressions)) path.replace_extension();
    return is_one_of(path.extension().native(), captures);
}

bool begins_as_capture(const fs::path &path) {
    CaptureStream stream{path};
    const ByteView start = stream.peek();
    if (start.size() < 4) return false;
    const std::uint32_t magic = pcapng::ByteOrder{}.get32(start, 0);
    return magic == pcapng::section_header || is_pcap_magic(magic);
}

/// Why it is none; empty if it is one, or has to be taken for one.
std::string why_no_capture(const fs::path &path) {
    if (is_named_as_capture(path)) return {};
    try {
        return begins_as_capture(path) ? "" : "not a capture";
    } catch (const std::system_error &) {
        return {}; // cannot be read: the replay says so
    } catch (const std::runtime_error &) {
        return "not a capture"; // of a compression that is not supported
    }
}

/// procfs and the like: many files, none of them kept anywhere, and some that are never at an end.
bool is_of_the_kernel(const fs::path &folder) {
    constexpr std::array<std::int64_t, 7> made_up{
        PROC_SUPER_MAGIC, SYSFS_MAGIC,        TRACEFS_MAGIC,      DEBUGFS_MAGIC,
        BPF_FS_MAGIC,     CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC};
    struct statfs system {};
    if (statfs(folder.c_str(), &system) != 0) return false; // reading it says why
    return std::find(made_up.begin(), made_up.end(), std::int64_t{system.f_type}) != made_up.end();
}

class Walk {
  public:
    explicit Walk(CaptureList &list) : list_{list} {}

    void folder(const fs::path &path) {
        if (is_of_the_kernel(path)) return leave_out(path, "files that the kernel makes up");
        std::vector<fs::path> entries;
        std::error_code error;
        for (fs::directory_iterator entry{path, error}; !error && entry != fs::directory_iterator{};
             entry.increment(error))
            entries.push_back(entry->path());
        if (error) {
            list_.failures.push_back(fmt::format("{}: {}", path.native(), error.message()));
            return;
        }
        std::sort(entries.begin(), entries.end());
        for (const fs::path &entry : entries) add(entry);
    }

  private:
    void add(const fs::path &path) {
        std::error_code error; // of a link to nothing, too
        const fs::file_status status = fs::status(path, error);
        if (fs::is_regular_file(status)) return add_file(path);
        if (!fs::is_directory(status))
            return leave_out(path, fs::exists(status) ? "no regular file" : "a link to nothing");
        if (fs::is_symlink(fs::symlink_status(path, error)))
            return leave_out(path, "a link to a folder; name it to have it replayed");
        folder(path);
    }
    void add_file(const fs::path &path) {
        const std::string reason = why_no_capture(path);
        if (!reason.empty()) return leave_out(path, reason);
        list_.captures.push_back(path);
    }
    void leave_out(const fs::path &path, std::string_view reason) {
        list_.left_out.push_back({path.native(), std::string{reason}});
    }

    CaptureList &list_;
};

bool is_listed(const CaptureList &list, const std::string &capture) {
    return std::find(list.captures.begin(), list.captures.end(), capture) != list.captures.end();
}

} // namespace

CaptureList list_captures(const std::vector<std::string> &arguments) {
    CaptureList list;
    for (const std::string &argument : arguments) {
        std::error_code ignored; // opening it says what is wrong with it
        if (argument == "-" && is_listed(list, argument)) {
            list.failures.emplace_back("standard input is named twice: it can be read only once");
            continue;
        }
        if (argument == "-" || !fs::is_directory(argument, ignored)) {
            list.captures.push_back(argument);
            continue;
        }
        const auto captures = list.captures.size(), failures = list.failures.size();
        Walk{list}.folder(argument);
        if (list.captures.size() == captures && list.failures.size() == failures)
            list.failures.push_back(fmt::format("{}: no capture in this folder", argument));
    }
    return list;
}

std::vector<std::string> left_out_lines(const CaptureList &list, bool each) {
    constexpr std::size_t few = 3;
    std::map<std::string_view, std::size_t> alike; // by reason
    for (const LeftOut &one : list.left_out) ++alike[one.reason];
    std::vector<std::string> lines;
    for (const auto &[path, reason] : list.left_out) {
        std::size_t &count = alike[reason]; // 0: told already
        if (each || (count != 0 && count <= few))
            lines.push_back(fmt::format("{}: {}, left out", path, reason));
        else if (count != 0)
            lines.push_back(fmt::format("{} and {} others: {}, left out (-v names them)", path,
                                        std::exchange(count, 0) - 1, reason));
    }
    return lines;
}

} // namespace portscan
