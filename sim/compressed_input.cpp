// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/compressed_input.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <stdexcept>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

namespace portscan {
namespace {

using InputView = std::span<const std::uint8_t>;
using OutputView = std::span<std::uint8_t>;

constexpr std::size_t input_size = 256 * 1024;

/// The raw bytes of a descriptor. Standard input stays open.
class Source {
  public:
    explicit Source(int descriptor) :
        descriptor_{descriptor},
        buffer_{std::make_unique_for_overwrite<std::uint8_t[]>(input_size)} {}
    Source(const Source &) = delete;
    Source &operator=(const Source &) = delete;
    ~Source() {
        if (descriptor_ != STDIN_FILENO) ::close(descriptor_);
    }

    /// What is buffered, after reading if that is nothing; empty at the end.
    InputView available() {
        if (begin_ == end_) {
            begin_ = 0;
            end_ = read_raw({buffer_.get(), input_size});
        }
        return {buffer_.get() + begin_, end_ - begin_};
    }
    void consume(std::size_t count) { begin_ += count; }

    /// The first bytes of the input, up to `count`, before anything is consumed.
    InputView peek(std::size_t count) {
        while (end_ < count) {
            const std::size_t got = read_raw({buffer_.get() + end_, input_size - end_});
            if (got == 0) break;
            end_ += got;
        }
        return {buffer_.get(), std::min(count, end_)};
    }

    /// Reads past the buffer, which has to be empty. Throws std::system_error, also where a signal
    /// whose handler does not restart system calls ends the wait for a pipe.
    std::size_t read_raw(OutputView out) {
        const ssize_t got = ::read(descriptor_, out.data(), out.size());
        if (got < 0) throw std::system_error{errno, std::generic_category(), "read"};
        total_ += static_cast<std::uint64_t>(got);
        return static_cast<std::size_t>(got);
    }
    bool buffered() const { return begin_ != end_; }
    std::uint64_t total() const { return total_; }

  private:
    int descriptor_;
    std::unique_ptr<std::uint8_t[]> buffer_; ///< not filled: small files touch little of it
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::uint64_t total_ = 0;
};

/// Takes one kind of compression off. read() returns 0 at the end only, and throws
/// std::runtime_error where the data is damaged, after it returned all that came before.
class Decoder {
  public:
    virtual ~Decoder() = default;
    virtual std::size_t read(OutputView out) = 0;
};

class PlainDecoder final : public Decoder {
  public:
    explicit PlainDecoder(Source &source) : source_{source} {}

    std::size_t read(OutputView out) override {
        if (!source_.buffered()) return source_.read_raw(out);
        const InputView in = source_.available();
        const std::size_t count = std::min(in.size(), out.size());
        std::copy_n(in.begin(), count, out.begin());
        source_.consume(count);
        return count;
    }

  private:
    Source &source_;
};

class GzipDecoder final : public Decoder {
  public:
    explicit GzipDecoder(Source &source) : source_{source} {
        constexpr int gzip_only = 16;
        if (inflateInit2(&stream_, MAX_WBITS + gzip_only) != Z_OK) throw std::bad_alloc{};
    }
    GzipDecoder(const GzipDecoder &) = delete;
    GzipDecoder &operator=(const GzipDecoder &) = delete;
    ~GzipDecoder() override { inflateEnd(&stream_); }

    std::size_t read(OutputView out) override {
        for (;;) {
            if (member_ended_ && !next_member()) return 0;
            const InputView in = source_.available();
            stream_.next_in = const_cast<Bytef *>(in.data());
            stream_.avail_in = static_cast<uInt>(in.size());
            stream_.next_out = out.data();
            stream_.avail_out = static_cast<uInt>(out.size());
            const int status = inflate(&stream_, Z_NO_FLUSH);
            const std::size_t produced = out.size() - stream_.avail_out;
            source_.consume(in.size() - stream_.avail_in);
            member_ended_ = status == Z_STREAM_END;
            if (produced > 0) return produced;
            if (member_ended_) continue;
            if (in.empty()) throw std::runtime_error{"the gzip data is cut off"};
            if (status != Z_OK) throw_status(status);
        }
    }

  private:
    /// Zero bytes between and after members are padding, as on tapes.
    bool next_member() {
        for (InputView in = source_.available(); !in.empty(); in = source_.available()) {
            const auto start =
                std::find_if(in.begin(), in.end(), [](auto byte) { return byte != 0; });
            source_.consume(static_cast<std::size_t>(start - in.begin()));
            if (start == in.end()) continue;
            if (*start != 0x1f) throw std::runtime_error{"garbage follows the gzip data"};
            inflateReset(&stream_);
            return true;
        }
        return false;
    }
    [[noreturn]] void throw_status(int status) const {
        throw std::runtime_error{fmt::format(
            "the gzip data is damaged: {}", stream_.msg != nullptr ? stream_.msg : zError(status))};
    }

    Source &source_;
    z_stream stream_{};
    bool member_ended_ = false;
};

class ZstdDecoder final : public Decoder {
  public:
    explicit ZstdDecoder(Source &source) :
        source_{source},
        context_{ZSTD_createDCtx(), ZSTD_freeDCtx} {
        if (!context_) throw std::bad_alloc{};
    }

    std::size_t read(OutputView out) override {
        for (;;) {
            const InputView in = source_.available();
            if (in.empty() && frame_ended_) return 0;
            ZSTD_inBuffer input{in.data(), in.size(), 0};
            ZSTD_outBuffer output{out.data(), out.size(), 0};
            const std::size_t status = ZSTD_decompressStream(context_.get(), &output, &input);
            source_.consume(input.pos);
            if (ZSTD_isError(status) != 0) throw_status(status);
            frame_ended_ = status == 0;
            if (output.pos > 0) return output.pos;
            if (in.empty() && !frame_ended_) throw std::runtime_error{"the zstd data is cut off"};
        }
    }

  private:
    /// A window beyond the library's default of 128 MiB is no damage, but memory without a bound.
    [[noreturn]] static void throw_status(std::size_t status) {
        if (ZSTD_getErrorCode(status) == ZSTD_error_frameParameter_windowTooLarge)
            throw std::runtime_error{
                "the zstd data needs a window above 128 MiB; decompress it before "
                "with zstd -d --long=31"};
        throw std::runtime_error{
            fmt::format("the zstd data is damaged: {}", ZSTD_getErrorName(status))};
    }

    Source &source_;
    std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx *)> context_;
    bool frame_ended_ = false;
};

bool starts_with(InputView bytes, std::string_view magic) {
    return bytes.size() >= magic.size() &&
           std::equal(magic.begin(), magic.end(), bytes.begin(),
                      [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

/// A zstd frame, or a skippable one (RFC 8878, section 3.1.2), as parallel compressors write first.
bool is_zstd(InputView start) {
    using namespace std::string_view_literals;
    return starts_with(start, "\x28\xb5\x2f\xfd"sv) ||
           (start.size() >= 4 && (start[0] & 0xf0) == 0x50 &&
            starts_with(start.subspan(1), "\x2a\x4d\x18"sv));
}

/// The program that takes off a compression that we know and do not read; empty if it is none.
std::string_view foreign_compression(InputView start) {
    using namespace std::string_view_literals;
    if (starts_with(start, "\xfd\x37zXZ\0"sv)) return "xz";
    if (starts_with(start, "BZh"sv)) return "bzip2";
    if (starts_with(start, "\x04\x22\x4d\x18"sv)) return "lz4";
    return {};
}

std::unique_ptr<Decoder> make_decoder(Source &source, const std::string &name) {
    const InputView start = source.peek(6);
    if (starts_with(start, "\x1f\x8b")) return std::make_unique<GzipDecoder>(source);
    if (is_zstd(start)) return std::make_unique<ZstdDecoder>(source);
    if (const std::string_view program = foreign_compression(start); !program.empty())
        throw std::runtime_error{fmt::format(
            "{0}: compressed with {1}, which is not supported; decompress it before, as "
            "in {1} -dc FILE | xdp-portscan-sim replay -",
            name, program)};
    return std::make_unique<PlainDecoder>(source);
}

/// What is left to read of a regular file; 0 for anything else.
std::uint64_t size_left(int descriptor, const struct stat &status) {
    if (!S_ISREG(status.st_mode)) return 0;
    const off_t position = std::max<off_t>(lseek(descriptor, 0, SEEK_CUR), 0);
    return static_cast<std::uint64_t>(std::max<off_t>(status.st_size - position, 0));
}

} // namespace

struct CompressedInput::State {
    State(int descriptor, const std::string &name) : source{descriptor} {
        struct stat status {};
        if (fstat(descriptor, &status) != 0)
            throw std::system_error{errno, std::generic_category()};
        if (S_ISDIR(status.st_mode)) throw std::system_error{EISDIR, std::generic_category()};
        if (isatty(descriptor) == 1)
            throw std::runtime_error{
                fmt::format("{}: a terminal; redirect a capture into it", name)};
        file_size = size_left(descriptor, status);
        posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL);
        decoder = make_decoder(source, name);
    }

    Source source;
    std::unique_ptr<Decoder> decoder;
    std::uint64_t file_size = 0;
    std::string failure;
};

CompressedInput CompressedInput::open(const std::string &path) {
    const bool is_stdin = path == "-";
    const std::string name = is_stdin ? "standard input" : path.empty() ? "''" : path;
    try {
        const int descriptor = is_stdin ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        if (descriptor < 0) throw std::system_error{errno, std::generic_category()};
        return CompressedInput{std::make_unique<State>(descriptor, name)};
    } catch (const std::system_error &error) {
        throw std::system_error{error.code(), name};
    }
}

CompressedInput::CompressedInput(std::unique_ptr<State> state) : state_{std::move(state)} {}
CompressedInput::CompressedInput(CompressedInput &&) noexcept = default;
CompressedInput &CompressedInput::operator=(CompressedInput &&) noexcept = default;
CompressedInput::~CompressedInput() = default;

std::size_t CompressedInput::read(std::span<std::uint8_t> out) noexcept {
    if (!state_->failure.empty() || out.empty()) return 0;
    try {
        return state_->decoder->read(out);
    } catch (const std::exception &error) {
        state_->failure = error.what();
        return 0;
    }
}

const std::string &CompressedInput::failure() const {
    return state_->failure;
}
std::uint64_t CompressedInput::bytes_read() const {
    return state_->source.total();
}
std::uint64_t CompressedInput::file_size() const {
    return state_->file_size;
}

} // namespace portscan
