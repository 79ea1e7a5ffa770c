// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/service_notify.h"
#include "tests/temporary_directory.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace portscan {
namespace {

using namespace std::chrono_literals;

/// The manager's end: a datagram socket at a path, or in the abstract namespace for `@name`.
class Manager {
  public:
    explicit Manager(const std::string &path) :
        socket_{socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)} {
        sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
        std::memcpy(address.sun_path, path.data(), path.size());
        if (path[0] == '@') address.sun_path[0] = '\0';
        const std::size_t size =
            offsetof(sockaddr_un, sun_path) + path.size() + (path[0] == '@' ? 0 : 1);
        const int result = bind(socket_.get(), reinterpret_cast<const sockaddr *>(&address),
                                static_cast<socklen_t>(size));
        if (result != 0) throw std::system_error(errno, std::generic_category(), "bind " + path);
    }

    /// The next datagram; empty if there is none.
    std::string next() const {
        std::array<char, 4096> bytes{};
        const ssize_t size = recv(socket_.get(), bytes.data(), bytes.size(), 0);
        return {bytes.data(), size < 0 ? 0 : static_cast<std::size_t>(size)};
    }

  private:
    FileDescriptor socket_;
};

TEST(ServiceNotify, SaysWhatTheManagerReads) {
    const test::TemporaryDirectory directory;
    const Manager manager{directory / "notify"};
    const ServiceNotify notify{directory / "notify"};
    ASSERT_TRUE(notify.connected());
    notify.ready("attached to eth0");
    EXPECT_EQ(manager.next(), "READY=1\nSTATUS=attached to eth0\n");
    notify.reloading(1'234'567'890);
    EXPECT_EQ(manager.next(), "RELOADING=1\nMONOTONIC_USEC=1234567\n");
    notify.status("two\nlines");
    EXPECT_EQ(manager.next(), "STATUS=two lines\n");
    notify.alive();
    EXPECT_EQ(manager.next(), "WATCHDOG=1\n");
    notify.stopping();
    EXPECT_EQ(manager.next(), "STOPPING=1\n");
}

TEST(ServiceNotify, FindsAbstractSockets) {
    const std::string name = "@portscan-test-" + std::to_string(getpid());
    const Manager manager{name};
    ServiceNotify{name}.stopping();
    EXPECT_EQ(manager.next(), "STOPPING=1\n");
}

TEST(ServiceNotify, NobodyThereIsNoFailure) {
    const test::TemporaryDirectory directory;
    for (const std::string &path :
         {std::string{}, directory / "none", std::string(200, '/'), std::string{"vsock:2:1"}}) {
        const ServiceNotify notify{path, 10s};
        EXPECT_FALSE(notify.connected()) << path;
        EXPECT_FALSE(notify.alive_interval().has_value()) << path;
        notify.ready("");
    }
}

TEST(ServiceNotify, ManagerThatNeverReadsDoesNotHoldUs) {
    const test::TemporaryDirectory directory;
    const Manager manager{directory / "notify"};
    const ServiceNotify notify{directory / "notify"};
    for (int i = 0; i < 10'000; ++i) notify.alive();
    EXPECT_EQ(manager.next(), "WATCHDOG=1\n");
}

class NotifyEnvironment : public ::testing::Test {
  protected:
    void SetUp() override { setenv("NOTIFY_SOCKET", (directory_ / "notify").c_str(), 1); }
    void TearDown() override {
        for (const char *const name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
            unsetenv(name);
    }

    test::TemporaryDirectory directory_;
    Manager manager_{directory_ / "notify"};
};

TEST_F(NotifyEnvironment, SignOfLifeAtHalfTheWatchdogsTime) {
    setenv("WATCHDOG_USEC", "30000000", 1);
    EXPECT_EQ(ServiceNotify::from_environment().alive_interval(), 15s);
    setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
    EXPECT_EQ(ServiceNotify::from_environment().alive_interval(), 15s);
}

TEST_F(NotifyEnvironment, WatchdogOfAnotherProcessOrOffIsNone) {
    EXPECT_FALSE(ServiceNotify::from_environment().alive_interval().has_value());
    setenv("WATCHDOG_USEC", "0", 1);
    EXPECT_FALSE(ServiceNotify::from_environment().alive_interval().has_value());
    setenv("WATCHDOG_USEC", "30000000", 1);
    setenv("WATCHDOG_PID", "1", 1);
    const ServiceNotify notify = ServiceNotify::from_environment();
    EXPECT_TRUE(notify.connected());
    EXPECT_FALSE(notify.alive_interval().has_value());
}

} // namespace
} // namespace portscan
