// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/privileges.h"

#include "loader/features.h"
#include "tests/in_child.h"
#include "tests/temporary_directory.h"

#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <sstream>
#include <unistd.h>

namespace portscan {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

// Numbers of linux/capability.h.
constexpr CapabilityMask net_admin = 1ULL << 12;
constexpr CapabilityMask sys_admin = 1ULL << 21;
constexpr CapabilityMask perfmon = 1ULL << 38;
constexpr CapabilityMask bpf = 1ULL << 39;
constexpr CapabilityMask setpcap = 1ULL << 8;

TEST(InvokingUser, IsWhoRanSudo) {
    const auto user = invoking_user("1000", "100");
    ASSERT_TRUE(user);
    EXPECT_EQ(user->user, 1'000);
    EXPECT_EQ(user->group, 100);
    EXPECT_FALSE(invoking_user(nullptr, nullptr));
    EXPECT_FALSE(invoking_user("1000", nullptr));
    EXPECT_FALSE(invoking_user(nullptr, "1000"));
    EXPECT_FALSE(invoking_user("0", "0")) << "root's own sudo";
}

TEST(InvokingUser, MustBeANumber) {
    for (const char *bad : {"", "x", "-1", "1000x", " 1", "4294967295", "4294967296"}) {
        EXPECT_THAT([&] { invoking_user(bad, "100"); },
                    ThrowsMessage<std::runtime_error>(HasSubstr("SUDO_UID")));
        EXPECT_THAT([&] { invoking_user("1000", bad); },
                    ThrowsMessage<std::runtime_error>(HasSubstr("SUDO_GID")));
    }
}

/// The fields of /proc/self/status.
std::map<std::string, std::string> process_status() {
    std::map<std::string, std::string> fields;
    std::ifstream file{"/proc/self/status"};
    for (std::string line; std::getline(file, line);) {
        const auto colon = line.find(':');
        const auto value = line.find_first_not_of(" \t", colon + 1);
        fields[line.substr(0, colon)] = value == line.npos ? "" : line.substr(value);
    }
    return fields;
}

CapabilityMask capabilities(const std::string &set) {
    return std::stoull(process_status().at(set), nullptr, 16);
}

/// Collects what is wrong in a child, where assertions of the test framework do not count.
class Findings {
  public:
    void expect(bool holds, const char *what) {
        if (!holds) text_ << what << "; ";
    }
    std::string text() const { return text_.str(); }

  private:
    std::ostringstream text_;
};

/// Runs `body` in a child of its own and returns what it found wrong.
std::string in_child(const std::function<void(Findings &)> &body) {
    return test::in_child([&] {
        Findings findings;
        body(findings);
        return findings.text();
    });
}

void forget_sudo() {
    unsetenv("SUDO_UID");
    unsetenv("SUDO_GID");
}

/// Holds for root and for any other user alike.
TEST(DropPrivileges, LeavesNoCapabilityInAnySet) {
    EXPECT_EQ("", in_child([](Findings &findings) {
                  forget_sudo();
                  const bool narrows = (capabilities("CapEff") & setpcap) != 0;
                  drop_privileges(KeptCapabilities::none);
                  for (const char *set : {"CapPrm", "CapEff", "CapInh", "CapAmb"})
                      findings.expect(capabilities(set) == 0, set);
                  findings.expect(!narrows || capabilities("CapBnd") == 0, "CapBnd");
                  findings.expect(process_status().at("NoNewPrivs") == "1", "NoNewPrivs");
                  findings.expect(missing_capabilities().size() == 3, "missing_capabilities");
              }));
}

TEST(DropPrivileges, KeepsWhatIsAskedForAndThere) {
    const std::map<KeptCapabilities, CapabilityMask> cases{
        {KeptCapabilities::bpf, bpf}, {KeptCapabilities::loading, bpf | net_admin | perfmon}};
    for (const auto &[kept, mask] : cases) {
        EXPECT_EQ("", in_child([kept = kept, mask = mask](Findings &findings) {
                      forget_sudo();
                      const CapabilityMask had = capabilities("CapPrm");
                      const bool replaced = (mask & ~had) != 0;
                      const CapabilityMask expected = had & (replaced ? mask | sys_admin : mask);
                      const bool narrows = (capabilities("CapEff") & setpcap) != 0;
                      drop_privileges(kept);
                      findings.expect(capabilities("CapPrm") == expected, "CapPrm");
                      findings.expect(capabilities("CapEff") == expected, "CapEff");
                      findings.expect(capabilities("CapInh") == 0, "CapInh");
                      findings.expect(capabilities("CapAmb") == 0, "CapAmb");
                      findings.expect(!narrows || (capabilities("CapBnd") & ~mask) == 0, "CapBnd");
                  }));
    }
}

TEST(DropPrivileges, MayBeDoneInSteps) {
    EXPECT_EQ("", in_child([](Findings &findings) {
                  forget_sudo();
                  drop_privileges(KeptCapabilities::loading);
                  drop_privileges(KeptCapabilities::bpf);
                  drop_privileges(KeptCapabilities::none);
                  findings.expect(capabilities("CapPrm") == 0, "CapPrm");
              }));
}

/// As root: becomes that user for good. As anybody else: SUDO_UID changes nothing.
TEST(DropPrivileges, UnderSudoBecomesTheInvokingUser) {
    for (const auto kept : {KeptCapabilities::none, KeptCapabilities::loading}) {
        EXPECT_EQ("", in_child([kept](Findings &findings) {
                      setenv("SUDO_UID", "64321", 1);
                      setenv("SUDO_GID", "64322", 1);
                      const bool is_root = geteuid() == 0;
                      const bool could_load = missing_capabilities().empty();
                      const std::string uid = std::to_string(is_root ? 64'321 : getuid());
                      const std::string gid = std::to_string(is_root ? 64'322 : getgid());
                      drop_privileges(kept);
                      const auto quadruple = [](const std::string &id) {
                          return fmt::format("{0}\t{0}\t{0}\t{0}", id);
                      };
                      auto status = process_status();
                      findings.expect(status["Uid"] == quadruple(uid), "Uid");
                      findings.expect(status["Gid"] == quadruple(gid), "Gid");
                      findings.expect(!is_root || status["Groups"] == "64322 ", "Groups");
                      findings.expect(setuid(0) != 0 && seteuid(0) != 0, "user regained");
                      findings.expect(setgid(0) != 0 || gid == "0", "group regained");
                      findings.expect(missing_capabilities().empty() ==
                                          (kept == KeptCapabilities::loading && could_load),
                                      "capabilities");
                  }));
    }
}

TEST(DropPrivileges, FilesOpenedBeforeStayAndStandardOutputCanBeReopened) {
    test::TemporaryDirectory directory;
    const std::string path = directory.write("private", Bytes{'x'});
    std::filesystem::permissions(path, std::filesystem::perms::owner_read);
    EXPECT_EQ("", in_child([&](Findings &findings) {
                  setenv("SUDO_UID", "64321", 1);
                  setenv("SUDO_GID", "64322", 1);
                  const bool is_root = geteuid() == 0;
                  const int before = open(path.c_str(), O_RDONLY);
                  drop_privileges(KeptCapabilities::none);
                  char byte = 0;
                  findings.expect(read(before, &byte, 1) == 1 && byte == 'x', "opened before");
                  findings.expect(!is_root || open(path.c_str(), O_RDONLY) < 0, "opened after");
                  findings.expect(open("/proc/self/status", O_RDONLY) >= 0, "own status");
                  findings.expect(access("/proc/self/fd/0", F_OK) == 0 || errno != EACCES,
                                  "own descriptors");
              }));
}

/// Only root has to become somebody.
TEST(DropPrivileges, RefusesAnIdThatIsNoneWhereItIsNeeded) {
    EXPECT_EQ("", in_child([](Findings &findings) {
                  const bool is_root = geteuid() == 0;
                  setenv("SUDO_UID", "somebody", 1);
                  setenv("SUDO_GID", "100", 1);
                  bool refused = false;
                  try {
                      drop_privileges(KeptCapabilities::none);
                  } catch (const std::runtime_error &) {
                      refused = true;
                  }
                  findings.expect(refused == is_root, "refused");
              }));
}

} // namespace
} // namespace portscan
