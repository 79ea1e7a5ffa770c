// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/output_file.h"

#include "loader/options.h"
#include "sim/privileges.h"
#include "sim/replacement.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace portscan {

void refuse_standard_output(std::string_view option, const std::string &path) {
    if (path == "-")
        throw OptionError{
            fmt::format("{}: '-': standard output has something else: name a file", option)};
}

/// What is no replacement is emptied before the first byte.
class OutputFile::Buffer : public std::filebuf {
  public:
    Buffer(std::string path, OutputKind kind) : path_(std::move(path)) {
        if (kind == OutputKind::whole) replacement_ = Replacement::begin(path_);
        std::error_code unknown;
        const bool was_there = replacement_ || std::filesystem::exists(path_, unknown);
        const std::string opened = replacement_ ? replacement_->path() : path_;
        // Appending creates and does not truncate.
        created_ = open(opened, std::ios::app | std::ios::binary) != nullptr && !was_there;
    }
    Buffer(const Buffer &) = delete;
    Buffer &operator=(const Buffer &) = delete;
    ~Buffer() override {
        std::error_code ignored; // gone already
        if (created_ && !written_) std::filesystem::remove(path_, ignored);
    }

    /// False where not all could be written. Throws std::system_error.
    bool finish() {
        if (close() == nullptr) return false;
        if (replacement_ && written_) replacement_->commit();
        return true;
    }

  protected:
    int_type overflow(int_type byte) override {
        return begin() ? std::filebuf::overflow(byte) : traits_type::eof();
    }
    std::streamsize xsputn(const char *bytes, std::streamsize count) override {
        return begin() ? std::filebuf::xsputn(bytes, count) : 0;
    }

  private:
    bool begin() { return std::exchange(written_, true) || replacement_ || empty(); }
    bool empty() const {
        std::error_code error;
        if (std::filesystem::is_regular_file(path_, error))
            std::filesystem::resize_file(path_, 0, error);
        return !error;
    }

    std::string path_;
    std::optional<Replacement> replacement_;
    bool created_ = false, written_ = false;
};

OutputFile::OutputFile(std::string_view option, const std::string &path, OutputKind kind) :
    option_(option),
    path_(path),
    stream_(nullptr) {
    if (path_.empty() || path_ == "-") return;
    file_ = std::make_unique<Buffer>(path_, kind);
    if (!file_->is_open()) fail_to_create(errno);
    stream_.rdbuf(file_.get());
}

void OutputFile::fail_to_create(int error) const {
    const std::string_view hint = rights_hint(error);
    throw OptionError{fmt::format("{}: '{}' cannot be created: {}{}", option_, path_,
                                  std::strerror(error),
                                  hint.empty() ? "; name a file in a folder of yours" : hint)};
}

OutputFile::~OutputFile() = default;

bool OutputFile::is_open() const {
    return file_ != nullptr && file_->is_open();
}

void OutputFile::close() {
    if (!is_open()) return;
    std::string why = "is the disk full?";
    try {
        if (stream_.good() && file_->finish()) return;
    } catch (const std::system_error &error) {
        why = error.code().message();
    }
    throw std::runtime_error{
        fmt::format("{}: '{}' could not be written whole: {}", option_, path_, why)};
}

} // namespace portscan
