// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <vector>

namespace portscan {

/// A directory that goes away with the test.
class TemporaryDirectory {
  public:
    TemporaryDirectory() {
        std::string pattern = std::filesystem::temp_directory_path() / "portscan-XXXXXX";
        if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
        path_ = pattern;
    }
    TemporaryDirectory(const TemporaryDirectory &) = delete;
    TemporaryDirectory &operator=(const TemporaryDirectory &) = delete;
    ~TemporaryDirectory() { std::filesystem::remove_all(path_); }

    std::string file(const std::string &name) const { return path_ / name; }
    /// Writes a file and gives its path.
    std::string write(const std::string &name, const std::string &text) const {
        std::ofstream{file(name), std::ios::binary} << text;
        return file(name);
    }

  private:
    std::filesystem::path path_;
};

inline std::string read_file(const std::string &path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

/// How a program ended and what it said.
struct ProgramResult {
    int status = -1; ///< its exit status; -1: it did not exit
    std::string out;
    std::string err;
};

/// Runs a program with these arguments, none of which holds a single quote, and no input.
inline ProgramResult run_program(const std::string &path,
                                 const std::vector<std::string> &arguments) {
    const TemporaryDirectory directory;
    std::string command = "'" + path + "'";
    for (const std::string &argument : arguments) command += " '" + argument + "'";
    command += " </dev/null >'" + directory.file("out") + "' 2>'" + directory.file("err") + "'";
    const int status = std::system(command.c_str());
    return {.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
            .out = read_file(directory.file("out")),
            .err = read_file(directory.file("err"))};
}

} // namespace portscan
