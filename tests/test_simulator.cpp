// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/packet.h"
#include "sim/simulator.h"

#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/time.h>

namespace portscan {
namespace {

using testing::ElementsAre;

constexpr auto scanner = "10.0.0.1";
constexpr auto host = "10.0.0.9";

TEST(Simulator, BlocksSourceAtFourthPort) {
    Simulator simulator{{.max_ports = 3}};
    for (std::uint16_t port : {22, 23, 25})
        EXPECT_EQ(simulator.run(tcp(scanner, host, port, "S")), Verdict::pass);
    EXPECT_EQ(simulator.run(tcp(scanner, host, 80, "S")), Verdict::drop);
    EXPECT_TRUE(simulator.source(scanner)->blocked);
    EXPECT_THAT(simulator.source(scanner)->ports, ElementsAre(22, 23, 25));
    EXPECT_EQ(simulator.source(scanner)->trigger_port, 80);
}

TEST(Simulator, EmitsOneEventForABlock) {
    Simulator simulator{{.max_ports = 1}};
    simulator.set_time(5'000'000'000);
    simulator.run(tcp(scanner, host, 0, "S"));
    simulator.run(tcp(scanner, host, 7, "S"));
    simulator.run(tcp(scanner, host, 8, "S"));
    const auto events = simulator.take_events();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].source.to_string(), scanner);
    EXPECT_EQ(events[0].time_ns, 5'000'000'000U);
    EXPECT_THAT(events[0].ports, ElementsAre(0));
    EXPECT_EQ(events[0].trigger_port, 7);
}

TEST(Simulator, KeepsSixteenPorts) {
    Simulator simulator{{.max_ports = 16}};
    for (std::uint16_t port = 1; port <= 16; ++port) {
        EXPECT_EQ(simulator.step(tcp(scanner, host, port, "S").bytes()).reason, Reason::recorded);
        EXPECT_EQ(simulator.step(tcp(scanner, host, port, "S").bytes()).reason, Reason::known);
    }
    EXPECT_THAT(simulator.source(scanner)->ports,
                ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16));
    EXPECT_EQ(simulator.step(tcp(scanner, host, 17, "S").bytes()).reason, Reason::threshold);
    EXPECT_EQ(simulator.take_events().at(0).ports.size(), 16U);
}

/// A signal handled every 50 us of this process' time.
class SignalStorm {
  public:
    SignalStorm() {
        struct sigaction action {};
        action.sa_handler = [](int) { handled = handled + 1; };
        sigaction(SIGPROF, &action, &before_);
        const itimerval often{.it_interval = {0, 50}, .it_value = {0, 50}};
        setitimer(ITIMER_PROF, &often, nullptr);
    }
    SignalStorm(const SignalStorm &) = delete;
    SignalStorm &operator=(const SignalStorm &) = delete;
    ~SignalStorm() {
        const itimerval never{};
        setitimer(ITIMER_PROF, &never, nullptr);
        sigaction(SIGPROF, &before_, nullptr);
    }
    static inline volatile std::sig_atomic_t handled = 0;

  private:
    struct sigaction before_ {};
};

TEST(Simulator, SignalsNeitherLoseNorRepeatAPacket) {
    Simulator simulator{{.max_ports = 1}};
    const Packet packet = tcp(scanner, host, 22, "S");
    const SignalStorm storm;
    std::uint64_t packets = 0;
    for (; packets < 10'000 || (SignalStorm::handled < 20 && packets < 10'000'000); ++packets)
        ASSERT_EQ(simulator.run(packet), Verdict::pass);
    EXPECT_GE(SignalStorm::handled, 20);
    EXPECT_EQ(simulator.counters().find("probes"), packets);
}

TEST(Simulator, ForgetsAfterTheWindowToTheNanosecond) {
    Simulator simulator{{.max_ports = 1, .window = std::chrono::seconds{1}}};
    simulator.run(tcp(scanner, host, 1, "S"));
    simulator.set_time(999'999'999);
    EXPECT_EQ(simulator.run(tcp(scanner, host, 2, "S")), Verdict::drop);

    Simulator other{{.max_ports = 1, .window = std::chrono::seconds{1}}};
    other.run(tcp(scanner, host, 1, "S"));
    other.set_time(1'000'000'000);
    const auto result = other.step(tcp(scanner, host, 2, "S").bytes());
    EXPECT_EQ(result.reason, Reason::recorded);
    EXPECT_TRUE(result.new_record);
    EXPECT_THAT(other.source(scanner)->ports, ElementsAre(2));
}

TEST(Simulator, ExpiresIdleRecords) {
    Simulator simulator{{.window = std::chrono::seconds{1}}};
    simulator.run(tcp(scanner, host, 1, "S"));
    simulator.run(tcp("fd00::1", "fd00::2", 1, "S"));
    simulator.set_time(1'999'999'999);
    EXPECT_EQ(simulator.expire().sources_left, 2U);
    simulator.set_time(2'000'000'000);
    const auto report = simulator.expire();
    EXPECT_EQ(report.sources_freed, 2U);
    EXPECT_EQ(report.sources_left, 0U);
    EXPECT_TRUE(simulator.sources().empty());
}

TEST(Simulator, RunsTheShippedProgramOnTheWallClock) {
    Simulator simulator{{.max_ports = 1}, {.clock = Clock::wall}};
    EXPECT_EQ(simulator.run(tcp(scanner, host, 1, "S")), Verdict::pass);
    EXPECT_EQ(simulator.step(tcp(scanner, host, 2, "S").bytes()).reason, Reason::threshold);
    EXPECT_THROW(simulator.set_time(1), std::logic_error);
}

} // namespace
} // namespace portscan
