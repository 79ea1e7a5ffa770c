// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/loader_host.h"

#include "sim/packet.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <set>
#include <spawn.h>
#include <sstream>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <utility>

namespace portscan::test {
namespace {

constexpr const char *target = "10.0.0.9";

void require(bool done, const std::string &what) {
    if (!done) throw std::system_error(errno, std::generic_category(), what);
}

std::string read_all(const std::string &path) {
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

pid_t spawn(const std::vector<std::string> &arguments, const std::string &output,
            const std::string &errors) {
    std::vector<char *> pointers;
    pointers.reserve(arguments.size() + 1);
    for (const auto &argument : arguments) pointers.push_back(const_cast<char *>(argument.c_str()));
    pointers.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    constexpr int flags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND;
    posix_spawn_file_actions_addopen(&files, 1, output.c_str(), flags, 0644);
    posix_spawn_file_actions_addopen(&files, 2, errors.c_str(), flags, 0644);
    pid_t pid = 0;
    const int error = posix_spawnp(&pid, pointers[0], &files, nullptr, pointers.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    if (error != 0) throw std::system_error(error, std::generic_category(), arguments[0]);
    return pid;
}

/// 128 + signal where one ended it; -1 after 20 seconds.
int wait_for(pid_t pid) {
    for (int i = 0; i < 1000; ++i) {
        int status = 0;
        if (waitpid(pid, &status, WNOHANG) == pid)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        poll(nullptr, 0, 20);
    }
    return -1;
}

FileDescriptor packet_socket(const char *interface) {
    FileDescriptor fd{socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL))};
    require(fd.get() >= 0, "open a packet socket");
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(if_nametoindex(interface));
    require(bind(fd.get(), reinterpret_cast<const sockaddr *>(&address), sizeof(address)) == 0,
            "bind a packet socket");
    return fd;
}

Bytes probe_frame(const std::string &source, std::uint16_t port) {
    const bool ipv6 = source.find(':') != std::string::npos;
    return tcp(source.c_str(), ipv6 ? "fd00::9" : target, port, "S").bytes();
}

void send_frame(const FileDescriptor &from, const Bytes &frame) {
    require(send(from.get(), frame.data(), frame.size(), 0) == static_cast<ssize_t>(frame.size()),
            "send a frame");
}

/// Takes frames until none has come for 150 ms; true for each port whose frame was among them.
std::set<std::uint16_t> arrived(const FileDescriptor &at,
                                const std::vector<std::pair<std::uint16_t, Bytes>> &sent) {
    std::set<std::uint16_t> ports;
    std::array<std::uint8_t, 2048> buffer{};
    pollfd ready{.fd = at.get(), .events = POLLIN, .revents = 0};
    while (poll(&ready, 1, 150) > 0) {
        const ssize_t size = recv(at.get(), buffer.data(), buffer.size(), 0);
        for (const auto &[port, frame] : sent)
            if (size == static_cast<ssize_t>(frame.size()) &&
                std::equal(frame.begin(), frame.end(), buffer.begin()))
                ports.insert(port);
    }
    return ports;
}

} // namespace

Process::Process(const std::vector<std::string> &arguments, std::string errors_path) :
    pid_{spawn(arguments, "/dev/null", errors_path)},
    errors_path_{std::move(errors_path)} {}

Process::Process(Process &&other) noexcept :
    pid_{std::exchange(other.pid_, 0)},
    errors_path_{std::move(other.errors_path_)} {}

Process::~Process() {
    if (pid_ == 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
}

std::string Process::errors() const {
    return read_all(errors_path_);
}

bool Process::says(const std::string &text, unsigned times) const {
    for (int i = 0; i < 1000; ++i) {
        const std::string all = errors();
        unsigned found = 0;
        for (auto at = all.find(text); at != std::string::npos; at = all.find(text, at + 1))
            ++found;
        if (found >= times) return true;
        poll(nullptr, 0, 20);
    }
    return false;
}

void Process::signal(int number) const {
    kill(pid_, number);
}

int Process::wait() {
    const int status = wait_for(pid_);
    if (status >= 0) pid_ = 0;
    return status;
}

LoaderHost::LoaderHost() :
    bpf_file_system_{directory_ / "bpf"},
    pin_dir_{bpf_file_system_ + "/pins"},
    binary_{PORTSCAN_BINARY} {
    require(unshare(CLONE_NEWNS) == 0, "make a mount namespace");
    require(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "make it private");
    std::filesystem::create_directory(bpf_file_system_);
    require(mount("bpf", bpf_file_system_.c_str(), "bpf", 0, "mode=0777") == 0,
            "mount a BPF file system");
    make_pair();
}

LoaderHost::~LoaderHost() {
    umount2(bpf_file_system_.c_str(), MNT_DETACH);
}

void LoaderHost::make_pair() const {
    const std::string names = std::string{inside} + " type veth peer name " + outside;
    network_.ip("link add " + names);
    for (const char *name : {inside, outside}) {
        const std::string path = "/proc/sys/net/ipv6/conf/" + std::string{name};
        std::ofstream{path + "/disable_ipv6"} << 1; // no packets but those of the test
        network_.ip("link set " + std::string{name} + " up");
    }
}

std::vector<std::string> LoaderHost::own(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), binary_);
    arguments.insert(arguments.end(), {"--pin-dir", pin_dir_});
    return arguments;
}

CommandResult LoaderHost::execute(const std::vector<std::string> &arguments) const {
    const std::string output = directory_ / "output", errors = directory_ / "errors";
    const pid_t pid = spawn(arguments, output, errors);
    const int status = wait_for(pid);
    if (status < 0) {
        kill(pid, SIGKILL);
        waitpid(pid, nullptr, 0);
    }
    return {.status = status, .output = read_all(output), .errors = read_all(errors)};
}

CommandResult LoaderHost::command(std::vector<std::string> arguments) const {
    return execute(own(std::move(arguments)));
}

namespace {
std::vector<std::string> with_small_maps(const char *verb, const std::vector<std::string> &more) {
    std::vector<std::string> arguments{verb, "--no-auto-allow"};
    if (std::find(more.begin(), more.end(), "--max-sources") == more.end())
        arguments.insert(arguments.end(), {"--max-sources", "100"});
    arguments.insert(arguments.end(), {"--max-sources6", "100"});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}
} // namespace

CommandResult LoaderHost::load(const std::vector<std::string> &more) const {
    auto arguments = with_small_maps("load", more);
    arguments.emplace_back(inside);
    return command(arguments);
}

Process LoaderHost::start(const std::vector<std::string> &more) const {
    auto arguments = with_small_maps("run", more);
    arguments.insert(arguments.end(), {"--listen", "off", inside});
    static int number = 0;
    return Process{own(arguments), directory_ / ("run-" + std::to_string(number++))};
}

Process LoaderHost::run(const std::vector<std::string> &more) const {
    Process process = start(more);
    if (!process.says("running")) throw std::runtime_error{"run: " + process.errors()};
    return process;
}

void LoaderHost::send_probe(const std::string &source, std::uint16_t port) const {
    send_frame(packet_socket(outside), probe_frame(source, port));
}

std::vector<std::uint16_t> LoaderHost::probe(const std::string &source,
                                             const std::vector<std::uint16_t> &ports) const {
    const FileDescriptor from = packet_socket(outside), at = packet_socket(inside);
    std::vector<std::pair<std::uint16_t, Bytes>> sent;
    for (const std::uint16_t port : ports) {
        sent.emplace_back(port, probe_frame(source, port));
        send_frame(from, sent.back().second);
    }
    const auto seen = arrived(at, sent);
    std::vector<std::uint16_t> passed;
    for (const std::uint16_t port : ports)
        if (seen.count(port) != 0) passed.push_back(port);
    return passed;
}

} // namespace portscan::test
