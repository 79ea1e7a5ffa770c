// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/stage_steps.h"

#include <array>
#include <chrono>
#include <fmt/format.h>
#include <random>

namespace portscan {
namespace {

using namespace std::chrono_literals;
using Kind = Interference::Kind;

class Storm {
  public:
    explicit Storm(StageDetector &detector) : detector_(detector) {}

    /// Steps take turns: few sources, which get far with their ports, and more than there is room
    /// for.
    void step(std::size_t number) {
        constexpr std::size_t turn = 150;
        const bool few = number / turn % 2 != 0;
        unsigned source = static_cast<unsigned>(random_() % (few ? 4 : 12));
        if (one_in(4)) source += 64;
        if (one_in(8)) source += one_in(2) ? 64 : 128;
        interfere();
        pass_time(few);
        change_by_hand(source);
        send(source);
    }

  private:
    bool one_in(unsigned count) { return random_() % count == 0; }

    void interfere() {
        constexpr std::array kinds{Kind::swap, Kind::block,        Kind::add,         Kind::update,
                                   Kind::turn, Kind::lookup_block, Kind::lookup_gone, Kind::keep};
        constexpr std::uint64_t every_attempt = ~0ULL;
        if (one_in(6)) {
            // Drawn one after the other: compilers evaluate arguments in orders of their own.
            const std::uint64_t pattern = one_in(8) ? every_attempt : random_() % 8;
            const Kind kind = kinds.at(random_() % kinds.size());
            detector_.other_cpu().expect(kind, pattern);
        }
        if (one_in(4)) detector_.other_cpu().expect(Kind::swap, 0);
    }

    void pass_time(bool few) {
        if (one_in(few ? 100 : 40)) detector_.advance(one_in(3) ? 25s : 3s);
        if (one_in(40)) detector_.advance(400ms);
        if (!one_in(100)) return;
        // A pass goes through a map in an order that is another one in each: nobody interferes.
        detector_.other_cpu().expect(Kind::swap, 0);
        detector_.expire_alone();
        detector_.expire();
    }

    void change_by_hand(unsigned source) {
        if (one_in(150) && detector_.has_record(source)) detector_.delete_record(source);
        if (one_in(300) && detector_.has_record(source)) detector_.kill_record(source);
    }

    void send(unsigned source) {
        constexpr std::array<std::uint16_t, 24> ports{
            0,  1,  2,   3,   4,   5,    6,    7,    8,     21,    22,    63,
            64, 65, 127, 128, 443, 4095, 4096, 8080, 32768, 65534, 65535, 54321};
        const std::uint16_t port = ports.at(random_() % ports.size());
        const char *const flags = one_in(8) ? "A" : one_in(12) ? "U" : "S";
        const Verdict verdict = detector_.run(detector_.packet(source, port, flags), one_in(3));
        if (verdict != Verdict::pass && verdict != Verdict::drop)
            throw StageFailure(
                fmt::format("storm: a packet was answered by {}", to_string(verdict)));
    }

    StageDetector &detector_;
    std::mt19937 random_{1};
};

} // namespace

void play_storm(StageDetector &detector, std::size_t steps) {
    detector.allow(5);
    detector.allow(6 + 64); // its neighbours within the IPv6 prefix are not
    Storm storm{detector};
    for (std::size_t i = 0; i < steps; ++i) storm.step(i);
}

} // namespace portscan
