// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/read_ahead.h"

#include "sim/measure.h"

#include <array>
#include <condition_variable>
#include <csignal>
#include <cstddef>
#include <exception>
#include <mutex>
#include <span>
#include <thread>
#include <utility>
#include <vector>

namespace portscan {
namespace {

constexpr std::size_t batch_size = 256 * 1024; // the bytes of its frames, which caches hold
constexpr std::size_t batch_count = 8;
constexpr std::size_t few = batch_count / 2; // left: only then the thread is woken, for all others
constexpr std::uint64_t least_file = 1024 * 1024;

/// Frames, and their bytes one after the other.
struct Batch {
    std::vector<CapturedFrame> frames{};
    std::vector<std::size_t> begins{}; ///< where the bytes of each frame begin
    Bytes bytes{};
    std::uint64_t bytes_read = 0;
    bool last = false;

    void clear() {
        frames.clear();
        begins.clear();
        bytes.clear();
    }
    void add(const CapturedFrame &frame) {
        frames.push_back(frame);
        frames.back().block = {}; // a view of what the reader has
        frames.back().dissection = dissect(frame);
        begins.push_back(bytes.size());
        bytes.insert(bytes.end(), frame.bytes.begin(), frame.bytes.end());
    }
    /// Once nothing is added any more, and the bytes stay where they are.
    void complete() {
        for (std::size_t i = 0; i < frames.size(); ++i)
            frames[i].bytes = ByteView{bytes}.subspan(begins[i], frames[i].bytes.size());
    }
};

/// Into this CPU's caches: what the other thread wrote is in those of another.
void prefetch(const void *begin, std::size_t size) {
    constexpr std::size_t cache_line = 64;
    const auto *const bytes = static_cast<const char *>(begin);
    for (std::size_t i = 0; i < size; i += cache_line) __builtin_prefetch(bytes + i);
    if (size != 0) __builtin_prefetch(bytes + size - 1); // the line that it ends in
}

/// Those that end a replay are for the thread that waits for frames.
class SignalsBlocked {
  public:
    SignalsBlocked() {
        sigset_t ending;
        sigemptyset(&ending);
        for (const int number : {SIGINT, SIGTERM}) sigaddset(&ending, number);
        pthread_sigmask(SIG_BLOCK, &ending, &before_);
    }
    SignalsBlocked(const SignalsBlocked &) = delete;
    SignalsBlocked &operator=(const SignalsBlocked &) = delete;
    ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  private:
    sigset_t before_{};
};

} // namespace

/// Batches go round: filled by the thread, handed out, filled again.
struct ReadAhead::State {
    explicit State(CaptureReader &source) : reader{source} {
        const SignalsBlocked scope; // a thread inherits what is blocked
        thread = std::thread{[this] { fill_all(); }};
    }

    void fill_all() noexcept;
    bool fill(Batch &batch);
    bool take_batch();

    CaptureReader &reader;
    std::array<Batch, batch_count> batches{};
    std::mutex mutex{};
    std::condition_variable changed{};
    std::size_t filled = 0, taken = 0; ///< batches since the start, under the mutex
    bool stop = false;
    std::exception_ptr failure{};
    Batch *current = nullptr; ///< what frames are handed out of, number `taken`
    std::size_t next_frame = 0;
    std::thread thread{};
};

/// False after the last frame.
bool ReadAhead::State::fill(Batch &batch) {
    batch.clear();
    while (batch.bytes.size() < batch_size &&
           batch.frames.size() < batch_size / sizeof(CapturedFrame)) {
        const auto frame = reader.next();
        if (!frame) {
            batch.last = true;
            break;
        }
        batch.add(*frame);
    }
    batch.complete();
    batch.bytes_read = reader.bytes_read();
    return !batch.last;
}

void ReadAhead::State::fill_all() noexcept {
    for (bool more = true; more;) {
        std::unique_lock lock{mutex};
        if (filled - taken == batch_count)
            changed.wait(lock, [this] { return stop || filled - taken <= few; });
        if (stop) return;
        Batch &batch = batches[filled % batch_count];
        lock.unlock();
        std::exception_ptr thrown;
        try {
            more = fill(batch);
        } catch (...) {
            thrown = std::current_exception();
            batch.clear();
            batch.last = true;
            more = false;
        }
        lock.lock();
        failure = thrown;
        if (filled++ == taken) changed.notify_all(); // the other side may wait for it
    }
}

/// False where there is none any more.
bool ReadAhead::State::take_batch() {
    if (current != nullptr && current->last) return false;
    std::unique_lock lock{mutex};
    if (current != nullptr) {
        if (filled - ++taken == few) changed.notify_all();
    }
    changed.wait(lock, [this] { return filled != taken; });
    current = &batches[taken % batch_count];
    next_frame = 0;
    if (current->last && failure) std::rethrow_exception(failure);
    return true;
}

bool ReadAhead::pays_for(const CaptureReader &reader) {
    return reader.file_size() >= least_file && usable_cpus().size() > 1;
}

ReadAhead::ReadAhead(CaptureReader &reader) : state_{std::make_unique<State>(reader)} {}

ReadAhead::~ReadAhead() {
    {
        const std::lock_guard lock{state_->mutex};
        state_->stop = true;
    }
    state_->changed.notify_all();
    state_->thread.join();
}

const CapturedFrame *ReadAhead::next() {
    State &state = *state_;
    while (state.current == nullptr || state.next_frame == state.current->frames.size())
        if (!state.take_batch()) return nullptr;
    const std::span<const CapturedFrame> frames{state.current->frames};
    const std::size_t now = state.next_frame++;
    // While this one is run: the next one's bytes, which the one before has brought the address of.
    if (now + 1 < frames.size())
        prefetch(frames[now + 1].bytes.data(), frames[now + 1].bytes.size());
    if (now + 2 < frames.size()) prefetch(&frames[now + 2], sizeof frames[now + 2]);
    return &frames[now];
}

std::uint64_t ReadAhead::bytes_read() const {
    return state_->current == nullptr ? 0 : state_->current->bytes_read;
}

} // namespace portscan
