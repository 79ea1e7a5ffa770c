// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <thread>

namespace portscan::test {
namespace {

/// A thread takes it, and its end leaves the namespace to the descriptor.
FileDescriptor new_network() {
    FileDescriptor network;
    std::thread{[&network] {
        if (unshare(CLONE_NEWNET) == 0)
            network = FileDescriptor{open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)};
    }}.join();
    if (network.get() < 0) throw std::runtime_error{"cannot make a network namespace"};
    return network;
}

std::string path_of(const FileDescriptor &network) {
    return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(network.get());
}

void require(const CommandResult &result) {
    if (result.status != 0) throw std::runtime_error{result.errors};
}

unsigned count(const std::string &text, const std::string &part) {
    unsigned found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

FileDescriptor listen_at(std::uint16_t port) {
    FileDescriptor fd{socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(port);
    if (bind(fd.get(), reinterpret_cast<const sockaddr *>(&address), sizeof(address)) != 0 ||
        listen(fd.get(), 16) != 0)
        throw std::system_error(errno, std::generic_category(), "listen");
    return fd;
}

} // namespace

Listeners::Listeners(const std::vector<std::uint16_t> &ports) {
    for (const std::uint16_t port : ports) sockets_.push_back(listen_at(port));
}

Peer::Peer(const LoaderHost &host) : host_{&host}, network_{new_network()} {
    host.ip("link set outside netns " + path_of(network_));
    host.ip("link set lo up");
    host.ip(std::string{"link set inside address "} + host_mac);
    const std::string with_ipv6 = "/proc/sys/net/ipv6/conf/inside/disable_ipv6";
    std::ofstream{with_ipv6} << 0;
    for (const char *address : {"10.0.0.9/24", "fd00::9/64 nodad", "fd00:1::9/64 nodad"})
        host.ip(std::string{"addr add "} + address + " dev inside");
    require(execute({"sh", "-c",
                     "PATH=$PATH:/usr/sbin:/sbin; set -e; ip link set lo up; "
                     "for a in 10.0.0.1/24 10.0.0.3/24 'fd00::1/64 nodad' 'fd00:1::3/64 nodad'; "
                     "do ip addr add $a dev outside; done; ip link set outside up"}));
}

std::vector<std::string> Peer::inside_it(const std::vector<std::string> &arguments) const {
    std::vector<std::string> all{"nsenter", "--net=" + path_of(network_)};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return all;
}

CommandResult Peer::execute(const std::vector<std::string> &arguments) const {
    return host_->execute(inside_it(arguments));
}

Process Peer::start(const std::vector<std::string> &arguments, const std::string &name) const {
    return Process{inside_it(arguments), *host_ / name};
}

bool Peer::connects(std::uint16_t port) const {
    const std::string address = std::string{host_address} + "/" + std::to_string(port);
    return execute({"timeout", "1", "bash", "-c", ": </dev/tcp/" + address}).status == 0;
}

unsigned Peer::scan(const std::vector<std::string> &nmap_arguments) const {
    std::vector<std::string> all{"nmap",           "-n", "-Pn", "-r", "-oX", "-", "-p", "71-90",
                                 "--host-timeout", "15s"};
    all.insert(all.end(), nmap_arguments.begin(), nmap_arguments.end());
    const CommandResult result = execute(all);
    if (result.status != 0 || count(result.output, "<port ") != 20)
        throw std::runtime_error{"nmap: " + result.errors + result.output};
    return 20 - count(result.output, "reason=\"no-response\"");
}

Process serve_web_pages(const LoaderHost &host) {
    const std::string root = host / "pages";
    std::filesystem::create_directory(root);
    std::ofstream{root + "/index.html"} << "<p>hello</p>";
    return Process{
        {"/usr/bin/python3", "-m", "http.server", "80", "--bind", "::", "--directory", root},
        host / "web"};
}

Process browse(const Peer &peer, bool ipv6) {
    const std::string from = ipv6 ? Peer::honest6 : Peer::honest;
    const std::string to =
        ipv6 ? "[" + std::string{Peer::honest_host6} + "]" : std::string{Peer::host_address};
    const std::string fetch =
        "curl -sS --max-time 10 --interface " + from + " -o /dev/null http://" + to + "/";
    return peer.start({"sh", "-c",
                       "until " + fetch +
                           " 2>/dev/null; do sleep 0.05; done; " // it may start yet
                           "while " +
                           fetch + "; do echo page >&2; sleep 0.05; done; echo failed >&2"},
                      "browser");
}

} // namespace portscan::test
