// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/peer.h"

#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/stat.h>

namespace portscan::test {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Puts a file in the place of another one, for this test's mount namespace only.
void put_in_place(const std::string &path, const char *of) {
    if (mount(path.c_str(), of, nullptr, MS_BIND, nullptr) != 0)
        throw std::system_error(errno, std::generic_category(), of);
}

/// An sshd of the host at a port of its own, and what is needed to log in to it.
class SshServer {
  public:
    explicit SshServer(const LoaderHost &host) : client_key_{make_key(host, "client")} {
        const std::string config = host / "sshd_config";
        std::ofstream{config} << "Port 2222\n"
                              << "HostKey " << make_key(host, "server") << "\n"
                              << "AuthorizedKeysFile " << client_key_ << ".pub\n"
                              << "StrictModes no\nUsePAM no\nPidFile none\nUseDNS no\n"
                              << "PermitRootLogin prohibit-password\n"
                              << "ClientAliveInterval 5\n"; // sessions end when the test is over
        if (mount("tmpfs", "/run", "tmpfs", 0, nullptr) != 0 || mkdir("/run/sshd", 0755) != 0)
            throw std::system_error(errno, std::generic_category(), "/run");
        put_in_place(config, "/etc/ssh/sshd_config"); // where the lock-out guard looks
        std::ofstream{host / "shadow"} << "root:*:19000:0:99999:7:::\n"; // not a locked account
        put_in_place(host / "shadow", "/etc/shadow");
        sshd_.emplace(std::vector<std::string>{"/usr/sbin/sshd", "-D", "-e"}, host / "sshd");
        if (!sshd_->says("listening on 0.0.0.0 port 2222"))
            throw std::runtime_error{"sshd: " + sshd_->errors()};
    }

    SshServer(const SshServer &) = delete;
    SshServer &operator=(const SshServer &) = delete;
    ~SshServer() {
        for (const char *path : {"/etc/shadow", "/etc/ssh/sshd_config", "/run"})
            umount2(path, MNT_DETACH);
    }

    /// The command with which the peer gets a session that repeats what it is told.
    std::string login() const {
        return "ssh -F none -o BatchMode=yes -o LogLevel=ERROR -o StrictHostKeyChecking=no "
               "-o UserKnownHostsFile=/dev/null -p 2222 -i " +
               client_key_ + " root@" + Peer::host_address + " cat";
    }

  private:
    static std::string make_key(const LoaderHost &host, const std::string &name) {
        std::string path = host / name;
        const auto made = host.execute({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path});
        if (made.status != 0) throw std::runtime_error{made.errors};
        return path;
    }

    std::string client_key_;
    std::optional<Process> sshd_;
};

/// A session from the peer.
class Session {
  public:
    Session(const LoaderHost &host, const Peer &peer, const SshServer &server) :
        input_{make_input(host / "input")},
        process_{peer.start({"sh", "-c", server.login() + " <" + (host / "input") + " >&2"},
                            "session")} {}

    void say(const std::string &word) const {
        const std::string line = word + "\n";
        EXPECT_EQ(write(input_.get(), line.data(), line.size()), static_cast<ssize_t>(line.size()));
    }
    bool hears(const std::string &word) const { return process_.says(word + "\n"); }
    bool answers(const std::string &word) const {
        say(word);
        return hears(word);
    }
    std::string heard() const { return process_.errors(); }

  private:
    static FileDescriptor make_input(const std::string &path) {
        if (mkfifo(path.c_str(), 0600) != 0)
            throw std::system_error(errno, std::generic_category(), path);
        return FileDescriptor{open(path.c_str(), O_RDWR | O_CLOEXEC)};
    }

    FileDescriptor input_;
    Process process_;
};

class Ssh : public testing::Test {
  protected:
    Process run(const std::vector<std::string> &more) const {
        std::vector<std::string> arguments{
            PORTSCAN_BINARY,  "run", "inside",    "--listen",    "off", "--max-sources", "100",
            "--max-sources6", "100", "--pin-dir", host.pin_dir()};
        arguments.insert(arguments.end(), more.begin(), more.end());
        Process process{arguments, host / "run"};
        EXPECT_TRUE(process.says("running")) << process.errors();
        return process;
    }
    /// The scan that the session's own machine makes; a word that is said then is not heard.
    void scan_and_be_cut_off(const std::string &word) const {
        peer.execute({"nmap", "-n", "-Pn", "-sS", "-T5", "--max-retries", "0", "-p", "71-75",
                      Peer::host_address});
        ASSERT_EQ(host.command({"list", Peer::scanner}).status, 0);
        session.say(word);
        poll(nullptr, 0, 500);
        EXPECT_THAT(session.heard(), Not(HasSubstr(word)));
    }

    LoaderHost host;
    Peer peer{host};
    SshServer server{host};
    Session session{host, peer, server};
};

TEST_F(Ssh, SessionSurvivesItsOwnPortScanByTheAutomaticAllowlist) {
    ASSERT_TRUE(session.answers("before")) << session.heard();
    const Process loader = run({});
    EXPECT_TRUE(loader.says("allowed 10.0.0.1 by itself: SSH peer")) << loader.errors();
    EXPECT_EQ(peer.scan({"-sS", "-T4", Peer::host_address}), 20U) << "it sees every port";
    EXPECT_TRUE(session.answers("after"));
    EXPECT_EQ(host.command({"list", Peer::scanner}).status, 1);
    EXPECT_THAT(host.command({"allow", "list"}).output, HasSubstr("auto"));
}

TEST_F(Ssh, NotConfirmedTheSessionComesBackByItself) {
    ASSERT_TRUE(session.answers("before")) << session.heard();
    Process loader = run({"--no-auto-allow", "--confirm", "5s"});
    scan_and_be_cut_off("meanwhile");
    EXPECT_EQ(loader.wait(), 1);
    EXPECT_THAT(loader.errors(), HasSubstr("not confirmed in time: detached"));
    EXPECT_TRUE(session.hears("meanwhile"));
    EXPECT_TRUE(session.answers("after"));
}

TEST_F(Ssh, TheLoaderKilledTheSessionComesBackAtOnce) {
    ASSERT_TRUE(session.answers("before")) << session.heard();
    Process loader = run({"--no-auto-allow", "--confirm", "1h"});
    scan_and_be_cut_off("meanwhile");
    loader.signal(SIGKILL);
    EXPECT_EQ(loader.wait(), 128 + SIGKILL);
    EXPECT_TRUE(session.hears("meanwhile"));
    EXPECT_TRUE(session.answers("after"));
}

} // namespace
} // namespace portscan::test
