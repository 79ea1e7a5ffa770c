// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/command_runner.h"

#include "tests/temporary_directory.h"

#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace portscan {
namespace {

/// In the child: what an exec would give is gone, be it root's or that of ambient capabilities.
void give_up_rights() {
    for (int capability = 0; cap_get_bound(capability) >= 0; ++capability)
        prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

void redirect(const char *path, int flags, int descriptor) {
    const int file = open(path, flags, 0600);
    if (file < 0 || dup2(file, descriptor) < 0) _exit(126);
}

} // namespace

std::string read_file(const std::string &path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

namespace {

/// The exit status; -1: died by a signal.
int run_into(const std::string &out, const std::string &err,
             const std::vector<std::string> &arguments, Rights rights,
             const std::function<void(pid_t)> &meanwhile) {
    std::vector<char *> argv{const_cast<char *>(SIM_COMMAND)};
    for (const std::string &argument : arguments)
        argv.push_back(const_cast<char *>(argument.c_str()));
    argv.push_back(nullptr);

    const pid_t child = fork();
    if (child < 0) throw std::runtime_error("fork failed");
    if (child == 0) {
        redirect("/dev/null", O_RDONLY, STDIN_FILENO);
        redirect(out.c_str(), O_WRONLY | O_CREAT, STDOUT_FILENO);
        redirect(err.c_str(), O_WRONLY | O_CREAT, STDERR_FILENO);
        if (rights == Rights::none) give_up_rights();
        execv(argv[0], argv.data());
        _exit(127);
    }
    if (meanwhile) meanwhile(child);
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

} // namespace

CommandResult run_command(const std::vector<std::string> &arguments, Rights rights,
                          const std::function<void(pid_t)> &meanwhile) {
    const test::TemporaryDirectory directory;
    const std::string out = directory / "out", err = directory / "err";
    const int status = run_into(out, err, arguments, rights, meanwhile);
    return {.status = status, .out = read_file(out), .err = read_file(err)};
}

int run_command_into(const std::string &out, const std::vector<std::string> &arguments) {
    return run_into(out, "/dev/null", arguments, Rights::kept, {});
}

} // namespace portscan
