// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/bless.h"

#include "sim/privileges.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <map>
#include <sys/stat.h>
#include <unistd.h>

namespace portscan {
namespace {

/// What the cases want one value of the file to become.
struct Wish {
    std::vector<const Mismatch *> mismatches; ///< one for each case that wants a change
    std::size_t holders = 1;                  ///< cases that are held to the value
};

bool agree(const Wish &wish) {
    const auto &first = wish.mismatches.front()->rewrite->edits;
    return wish.mismatches.size() == wish.holders &&
           std::all_of(wish.mismatches.begin(), wish.mismatches.end(),
                       [&](const Mismatch *one) { return one->rewrite->edits == first; });
}

OptionError file_error(const std::string &what) {
    const int error = errno;
    return OptionError{
        fmt::format("bless: {}: {}{}", what, std::strerror(error), rights_hint(error))};
}

/// A file under a name of its own, removed unless it was renamed.
class TemporaryFile {
  public:
    explicit TemporaryFile(const std::string &beside) : path_(beside + ".XXXXXX") {
        fd_ = mkostemp(path_.data(), O_CLOEXEC);
        if (fd_ < 0) throw file_error(fmt::format("cannot write beside {}", beside));
    }
    TemporaryFile(const TemporaryFile &) = delete;
    TemporaryFile &operator=(const TemporaryFile &) = delete;
    ~TemporaryFile() {
        if (fd_ >= 0) close(fd_);
        if (!path_.empty()) unlink(path_.c_str());
    }

    void fill(const std::string &content, mode_t mode) {
        std::string_view left = content;
        while (!left.empty()) {
            const ssize_t written = ::write(fd_, left.data(), left.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) throw file_error(fmt::format("cannot write {}", path_));
            left.remove_prefix(static_cast<std::size_t>(written));
        }
        if (fchmod(fd_, mode) < 0 || fsync(fd_) < 0) {
            throw file_error(fmt::format("cannot write {}", path_));
        }
    }
    void rename_to(const std::string &path) {
        if (rename(path_.c_str(), path.c_str()) < 0) {
            throw file_error(fmt::format("cannot replace {}", path));
        }
        path_.clear();
    }

  private:
    std::string path_;
    int fd_ = -1;
};

/// Lines `first` to `last` of a text, line ends included.
TextRange lines_range(const SourceText &text, unsigned first, unsigned last) {
    const bool ends = last >= text.line_count();
    return {text.offset(first, 1), ends ? text.text().size() : text.offset(last + 1, 1)};
}

void append_lines(std::string &out, char sign, std::string_view lines) {
    while (!lines.empty()) {
        const std::size_t end = std::min(lines.find('\n'), lines.size() - 1) + 1;
        std::string_view line = lines.substr(0, end);
        if (line.ends_with('\n')) line.remove_suffix(1);
        out += fmt::format("{}{}\n", sign, line);
        lines.remove_prefix(end);
    }
}

} // namespace

Blessing bless(const Scenario &scenario, const std::vector<CaseResult> &results) {
    const auto shared = static_cast<std::size_t>(
        std::count_if(scenario.cases.begin(), scenario.cases.end(),
                      [](const ScenarioCase &one) { return !one.own_expectations; }));
    Blessing blessing;
    std::map<std::size_t, Wish> wishes; ///< by the value's place
    const auto refuse = [&](const Mismatch &mismatch, std::string_view why) {
        blessing.refused.push_back(fmt::format("{}:{}: {}: {}", scenario.source.path(),
                                               mismatch.line, describe(mismatch), why));
    };
    for (std::size_t i = 0; i < results.size(); ++i) {
        for (const Mismatch &mismatch : results[i].mismatches) {
            if (!mismatch.rewrite) {
                refuse(mismatch, "no value of this key can state that, change it by hand");
                continue;
            }
            Wish &wish = wishes[mismatch.rewrite->value.begin];
            wish.mismatches.push_back(&mismatch);
            wish.holders = scenario.cases.at(i).own_expectations ? 1 : shared;
        }
    }
    for (const auto &[place, wish] : wishes) {
        if (!agree(wish)) {
            refuse(*wish.mismatches.front(), "the cases that share this value do not agree, give "
                                             "each its own [case.expect]");
            continue;
        }
        const auto &edits = wish.mismatches.front()->rewrite->edits;
        blessing.edits.insert(blessing.edits.end(), edits.begin(), edits.end());
    }
    return blessing;
}

std::string difference(const SourceText &before, const std::vector<TextEdit> &edits) {
    std::vector<TextEdit> sorted = edits;
    std::sort(sorted.begin(), sorted.end(),
              [](const TextEdit &a, const TextEdit &b) { return a.range.begin < b.range.begin; });
    std::string out;
    for (std::size_t i = 0; i < sorted.size();) {
        const unsigned first = before.line_of(sorted[i].range.begin);
        unsigned last = first;
        std::vector<TextEdit> group;
        for (; i < sorted.size() && before.line_of(sorted[i].range.begin) <= last + 1; ++i) {
            last = std::max(last, before.line_of(sorted[i].range.end));
            group.push_back(sorted[i]);
        }
        const TextRange lines = lines_range(before, first, last);
        for (TextEdit &edit : group) {
            edit.range.begin -= lines.begin;
            edit.range.end -= lines.begin;
        }
        out += fmt::format("@@ {}:{} @@\n", before.path(), first);
        append_lines(out, '-', before.slice(lines));
        append_lines(out, '+', apply_edits(before.slice(lines), group));
    }
    return out;
}

void replace_file(const std::string &path, const std::string &content) {
    // A link goes on pointing at the file that changed.
    struct stat status {};
    if (stat(path.c_str(), &status) < 0) throw file_error(fmt::format("cannot read {}", path));
    const std::string target = std::filesystem::canonical(path).string();
    TemporaryFile temporary{target};
    temporary.fill(content, status.st_mode & 07777);
    temporary.rename_to(target);
}

bool says_ci(const char *value) {
    const std::string_view text = value == nullptr ? "" : value;
    return !text.empty() && text != "false";
}

} // namespace portscan
