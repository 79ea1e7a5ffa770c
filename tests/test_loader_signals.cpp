// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/loader_host.h"

#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

namespace portscan::test {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

constexpr int ended_by_sigterm = 128 + SIGTERM;

/// SIGTERM in every state: the process ends, and nothing stays attached.
class LoaderSignals : public testing::Test {
  protected:
    bool attached() const {
        return host.execute({"ip", "link", "show", "inside"}).output.find("xdp") !=
               std::string::npos;
    }
    void expect_clean_end(Process &process) const {
        process.signal(SIGTERM);
        EXPECT_EQ(process.wait(), 0) << process.errors();
        EXPECT_FALSE(attached()) << process.errors();
    }

    LoaderHost host;
};

TEST_F(LoaderSignals, SigtermWhileItStarts) {
    for (int delay = 0; delay <= 80; delay += 4) {
        SCOPED_TRACE(delay);
        Process process = host.start();
        poll(nullptr, 0, delay);
        process.signal(SIGTERM);
        EXPECT_THAT(process.wait(), AnyOf(0, ended_by_sigterm)) << process.errors();
        ASSERT_FALSE(attached()) << process.errors();
    }
    Process process = host.run();
    EXPECT_TRUE(attached());
    expect_clean_end(process);
}

TEST_F(LoaderSignals, SigtermWhileItWaitsToBeConfirmed) {
    Process process = host.run({"--confirm", "1h"});
    expect_clean_end(process);
    EXPECT_EQ(host.command({"confirm"}).status, 1) << "nothing is waiting any more";
}

TEST_F(LoaderSignals, SigtermWhileItsInterfaceIsGone) {
    Process process = host.run();
    host.ip("link del inside");
    ASSERT_TRUE(process.says("inside is gone"));
    process.signal(SIGTERM);
    EXPECT_EQ(process.wait(), 0) << process.errors();
    host.make_pair();
    Process next = host.run();
    expect_clean_end(next);
}

TEST_F(LoaderSignals, SigtermWhileItReloads) {
    for (int delay = 0; delay <= 60; delay += 10) {
        SCOPED_TRACE(delay);
        Process process = host.run();
        process.signal(SIGHUP);
        poll(nullptr, 0, delay);
        expect_clean_end(process);
    }
}

TEST_F(LoaderSignals, SigtermWhileItReplacesItself) {
    const std::string binary = host / "xdp-portscan";
    std::filesystem::copy_file(PORTSCAN_BINARY, binary);
    host.set_binary(binary);
    for (int delay = 0; delay <= 80; delay += 10) {
        SCOPED_TRACE(delay);
        Process process = host.run();
        std::filesystem::copy_file(PORTSCAN_BINARY, binary + ".new");
        std::filesystem::rename(binary + ".new", binary);
        process.signal(SIGHUP);
        poll(nullptr, 0, delay);
        expect_clean_end(process);
    }
}

TEST_F(LoaderSignals, SigtermWhileAClientHoldsTheMetrics) {
    host.ip("link set lo up");
    Process process{{PORTSCAN_BINARY, "run", "inside", "--listen", "127.0.0.1:7979",
                     "--max-sources", "100", "--pin-dir", host.pin_dir()},
                    host / "run"};
    ASSERT_TRUE(process.says("running")) << process.errors();
    const Process client{{"bash", "-c",
                          "exec 3<>/dev/tcp/127.0.0.1/7979; printf 'GET /metrics' >&3; "
                          "echo connected >&2; exec sleep 60"},
                         host / "client"};
    ASSERT_TRUE(client.says("connected")) << client.errors();
    expect_clean_end(process);
}

TEST_F(LoaderSignals, ABinaryThatCannotRunLeavesTheFilterAttached) {
    const std::string binary = host / "xdp-portscan";
    std::filesystem::copy_file(PORTSCAN_BINARY, binary);
    host.set_binary(binary);
    Process process = host.run();
    std::ofstream{binary + ".new"} << "no program\n";
    std::filesystem::rename(binary + ".new", binary);
    process.signal(SIGHUP);
    EXPECT_TRUE(process.says("cannot run it: Permission denied")) << process.errors();
    EXPECT_TRUE(process.says("reloaded")) << process.errors();
    EXPECT_TRUE(attached());
    expect_clean_end(process);
}

} // namespace
} // namespace portscan::test
