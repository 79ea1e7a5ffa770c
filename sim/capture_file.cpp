// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/capture_file.h"

#include "sim/capture.h"
#include "sim/privileges.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace portscan {
namespace {

constexpr std::size_t buffer_size = 256 * 1024;

std::FILE *open_stream(const std::string &path) {
    return path == "-" ? fdopen(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0), "wb")
                       : std::fopen(path.c_str(), "wbe");
}

} // namespace

CaptureFile::CaptureFile(const std::string &path) :
    path_{path},
    replacement_{path == "-" ? std::nullopt : Replacement::begin(path)},
    buffer_(buffer_size),
    stream_{open_stream(replacement_ ? replacement_->path() : path), std::fclose} {
    if (!stream_) fail(errno);
    setvbuf(stream_.get(), buffer_.data(), _IOFBF, buffer_.size());
}

void CaptureFile::put(ByteView bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), stream_.get()) != bytes.size()) fail(errno);
}

void CaptureFile::close() {
    if (!stream_) return;
    if (std::fclose(stream_.release()) != 0) fail(errno);
    try {
        if (replacement_) replacement_->commit();
    } catch (const std::system_error &error) {
        fail(error.code().value());
    }
}

void CaptureFile::remove() noexcept {
    if (!stream_) return;
    struct stat status {};
    const bool regular = path_ != "-" && !replacement_ &&
                         fstat(fileno(stream_.get()), &status) == 0 && S_ISREG(status.st_mode);
    stream_.reset();
    if (regular) unlink(path_.c_str());
}

void CaptureFile::fail(int error) const {
    throw CaptureError{fmt::format("cannot write {}: {}{}",
                                   path_ == "-" ? "standard output" : path_,
                                   std::generic_category().message(error), rights_hint(error))};
}

} // namespace portscan
