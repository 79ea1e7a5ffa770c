// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/read_ahead.h"

#include "sim/measure.h"

#include <array>
#include <condition_variable>
#include <csignal>
#include <cstddef>
#include <exception>
#include <mutex>
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

/// Batches go round: filled by the thread, handed out, looked at afterwards, filled again.
struct ReadAhead::State {
    State(CaptureReader &source, Afterwards work) : reader{source}, afterwards{std::move(work)} {
        const SignalsBlocked scope; // a thread inherits what is blocked
        thread = std::thread{[this] { go_round(); }};
    }

    void go_round() noexcept;
    void fill_next();
    bool fill(Batch &batch);
    void look_at_next();
    bool can_fill() const { return !at_end && !finishing && filled - done < batch_count; }
    void give_back();

    CaptureReader &reader;
    Afterwards afterwards;
    std::array<Batch, batch_count> batches{};
    std::mutex mutex{};
    std::condition_variable changed{};
    // Under the mutex: batches since the start.
    std::size_t filled = 0, given_back = 0, done = 0;
    bool at_end = false; ///< the last one is filled
    bool finishing = false, stop = false;
    std::exception_ptr unread{}, undone{}; ///< what ended reading, and what came after
    // Of whoever asks for frames.
    Batch *current = nullptr; ///< handed out, and not given back yet
    std::uint64_t bytes_read = 0;
    std::thread thread{};
};

/// What was given back is looked at first, which makes room, unless the other side has nothing left
/// to run. To be woken costs it as much as many frames: it wakes this thread when few batches are
/// left, and then all there is to do is done.
void ReadAhead::State::go_round() noexcept {
    for (std::unique_lock lock{mutex}; !stop;) {
        const bool starved = filled == given_back; // the other side waits, or soon will
        if (can_fill() && (starved || done == given_back)) {
            lock.unlock();
            fill_next();
            lock.lock();
        } else if (done != given_back) {
            lock.unlock();
            look_at_next();
            lock.lock();
        } else if (finishing) {
            return;
        } else {
            changed.wait(lock, [this] {
                const bool few_left = filled - given_back <= few;
                return stop || finishing || (few_left && (done != given_back || can_fill()));
            });
        }
    }
}

/// Without the mutex, since nobody else looks at that batch; the same holds for the next one.
void ReadAhead::State::fill_next() {
    Batch &batch = batches[filled % batch_count];
    bool more = false;
    std::exception_ptr thrown;
    try {
        more = fill(batch);
    } catch (...) {
        thrown = std::current_exception();
        batch.clear();
        batch.last = true;
    }
    const std::lock_guard lock{mutex};
    unread = thrown;
    at_end = !more;
    if (filled++ == given_back) changed.notify_all(); // the other side may wait for it
}

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

void ReadAhead::State::look_at_next() {
    std::exception_ptr thrown;
    try {
        const auto &frames = batches[done % batch_count].frames;
        if (afterwards && !frames.empty()) afterwards(frames); // the last batch can be empty
    } catch (...) {
        thrown = std::current_exception();
        afterwards = {};
    }
    const std::lock_guard lock{mutex};
    if (thrown) undone = thrown;
    if (++done == given_back && finishing) changed.notify_all();
}

/// Under the mutex.
void ReadAhead::State::give_back() {
    if (std::exchange(current, nullptr) == nullptr) return;
    if (filled - ++given_back == few) changed.notify_all();
}

bool ReadAhead::pays_for(const CaptureReader &reader) {
    return reader.file_size() >= least_file && usable_cpus().size() > 1;
}

ReadAhead::ReadAhead(CaptureReader &reader, Afterwards afterwards) :
    state_{std::make_unique<State>(reader, std::move(afterwards))} {}

ReadAhead::~ReadAhead() {
    {
        const std::lock_guard lock{state_->mutex};
        state_->stop = true;
    }
    state_->changed.notify_all();
    state_->thread.join();
}

std::span<const CapturedFrame> ReadAhead::next() {
    State &state = *state_;
    if (state.finishing || (state.current != nullptr && state.current->last)) return {};
    std::unique_lock lock{state.mutex};
    state.give_back();
    state.changed.wait(lock, [&state] { return state.filled != state.given_back; });
    state.current = &state.batches[state.given_back % batch_count];
    state.bytes_read = state.current->bytes_read;
    if (state.undone) std::rethrow_exception(state.undone);
    if (state.current->last && state.unread) std::rethrow_exception(state.unread);
    return state.current->frames;
}

void ReadAhead::finish() {
    State &state = *state_;
    std::unique_lock lock{state.mutex};
    state.give_back();
    state.finishing = true;
    state.changed.notify_all();
    state.changed.wait(lock, [&state] { return state.done == state.given_back; });
    if (state.undone) std::rethrow_exception(state.undone);
}

std::uint64_t ReadAhead::bytes_read() const {
    return state_->bytes_read;
}

} // namespace portscan
