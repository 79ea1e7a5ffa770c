// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/ssh_access.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <glob.h>
#include <iterator>
#include <sstream>
#include <unistd.h>
#include <utility>
#include <vector>

namespace portscan {
namespace {

constexpr std::uint16_t default_ssh_port = 22;

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const char *const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, port);
    if (error != std::errc{} || stop != end || port == 0) return std::nullopt;
    return port;
}

/// Of `HOST:PORT`, `[ADDRESS]:PORT`; an IPv6 address without brackets has none.
std::optional<std::uint16_t> port_of_listen_address(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const std::string_view host = text.substr(0, colon);
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (!bracketed && host.find(':') != std::string_view::npos) return std::nullopt;
    return parse_port(text.substr(colon + 1));
}

/// Words of a line: blanks and one `=` behind the keyword part them, quotes hold them together, `#`
/// ends them.
std::vector<std::string> words_of(std::string_view line) {
    std::vector<std::string> words;
    std::string word;
    bool quoted = false;
    bool started = false;
    for (const char c : line) {
        const bool parts = c == ' ' || c == '\t' || c == '\r' || (c == '=' && words.empty());
        if (c == '#' && !quoted && !started) break;
        if (c == '"') {
            quoted = !quoted;
            started = true;
        } else if (parts && !quoted) {
            if (started) words.push_back(std::exchange(word, {}));
            started = false;
        } else if (c != '=' || started || quoted || words.size() != 1) {
            word += c;
            started = true;
        }
    }
    if (started) words.push_back(word);
    return words;
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

std::vector<std::string> matching_files(const std::string &pattern) {
    glob_t found{};
    std::vector<std::string> paths;
    if (glob(pattern.c_str(), 0, nullptr, &found) == 0)
        paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    globfree(&found);
    return paths;
}

struct SshdFiles {
    std::filesystem::path folder;
    std::set<std::string> seen{}; ///< includes can be many, and circular
    std::set<std::uint16_t> ports{};
    std::vector<std::string> unreadable{};
};

void collect_ports(const std::filesystem::path &path, SshdFiles &files) {
    std::error_code error;
    // What is no file, such as /dev/zero, may have no end.
    const bool is_file = std::filesystem::is_regular_file(path, error);
    const bool is_closed = error == std::errc::permission_denied;
    if ((!is_file && !is_closed) || !files.seen.insert(path).second) return;
    std::ifstream file{path};
    if (!file.is_open()) {
        files.unreadable.push_back(path);
        return;
    }
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    const SshdSettings settings = parse_sshd_config(text);
    files.ports.insert(settings.ports.begin(), settings.ports.end());
    for (const std::string &pattern : settings.includes)
        for (const std::string &included : matching_files(files.folder / pattern))
            collect_ports(included, files);
}

/// The environment that a process was started with; empty where it may not be read.
std::string environment_of(pid_t process) {
    std::ifstream file{fmt::format("/proc/{}/environ", process), std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

pid_t parent_of(pid_t process) {
    std::ifstream file{fmt::format("/proc/{}/status", process)};
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("PPid:")) return std::atoi(line.c_str() + 5);
    }
    return 0;
}

std::optional<SshConnection> connection_in(std::string_view environment) {
    constexpr std::string_view name = "SSH_CONNECTION=";
    while (!environment.empty()) {
        const auto end = std::min(environment.find('\0'), environment.size());
        const std::string_view entry = environment.substr(0, end);
        if (entry.starts_with(name)) return SshConnection::parse(entry.substr(name.size()));
        environment.remove_prefix(std::min(end + 1, environment.size()));
    }
    return std::nullopt;
}

} // namespace

std::optional<SshConnection> SshConnection::parse(std::string_view text) {
    std::istringstream words{std::string{text}};
    std::string client;
    std::string client_port;
    std::string server;
    std::string server_port;
    words >> client >> client_port >> server >> server_port;
    const auto address = Address::parse(std::string_view{client}.substr(0, client.find('%')));
    const auto port = parse_port(server_port);
    if (!address || !port) return std::nullopt;
    return SshConnection{*address, *port};
}

std::optional<SshConnection> own_ssh_connection() {
    if (const char *const own = std::getenv("SSH_CONNECTION"))
        if (auto connection = SshConnection::parse(own)) return connection;
    for (pid_t process = getppid(); process > 1; process = parent_of(process))
        if (auto connection = connection_in(environment_of(process))) return connection;
    return std::nullopt;
}

SshdSettings parse_sshd_config(std::string_view text) {
    SshdSettings settings;
    std::istringstream lines{std::string{text}};
    for (std::string line; std::getline(lines, line);) {
        const std::vector<std::string> words = words_of(line);
        if (words.size() < 2) continue;
        const std::string keyword = lower(words[0]);
        std::optional<std::uint16_t> port;
        if (keyword == "port") port = parse_port(words[1]);
        if (keyword == "listenaddress") port = port_of_listen_address(words[1]);
        if (port) settings.ports.insert(*port);
        if (keyword == "include")
            settings.includes.insert(settings.includes.end(), words.begin() + 1, words.end());
    }
    return settings;
}

std::set<std::uint16_t> sshd_ports(const std::string &path, std::vector<std::string> &unreadable) {
    const std::filesystem::path file{path};
    SshdFiles files{.folder = file.parent_path()};
    collect_ports(file, files);
    if (files.ports.empty()) files.ports.insert(default_ssh_port);
    unreadable.insert(unreadable.end(), files.unreadable.begin(), files.unreadable.end());
    return files.ports;
}

} // namespace portscan
