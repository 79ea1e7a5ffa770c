// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/detector.h"
#include "sim/simulator.h"
#include "tests/in_child.h"
#include "tests/small_simulator.h"
#include "tests/temporary_directory.h"

#include <algorithm>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>

namespace portscan {
namespace {

using namespace test;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint64_t bit(unsigned capability) {
    return std::uint64_t{1} << capability;
}

void keep_capabilities(std::uint64_t kept) {
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    __user_cap_data_struct data[2]{};
    for (unsigned i = 0; i < 2; ++i)
        data[i].effective = data[i].permitted = static_cast<__u32>(kept >> (32 * i));
    if (syscall(SYS_capset, &header, data) != 0)
        throw std::system_error(errno, std::generic_category(), "capset");
}

/// `CODE message` of the failure to do `work` with these capabilities; empty where it succeeds.
template <typename Work>
std::string failure_with(std::uint64_t kept, Work work) {
    return in_child([&]() -> std::string {
        keep_capabilities(kept);
        try {
            work();
        } catch (const std::system_error &error) {
            return std::string{std::strerror(error.code().value())} + " " + error.what();
        }
        return "";
    });
}

struct Lack {
    std::uint64_t kept;
    const char *named;
};

const std::vector<Lack> lacks{
    {0, "missing CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON;"},
    {bit(CAP_NET_ADMIN) | bit(CAP_PERFMON), "missing CAP_BPF;"},
    {bit(CAP_BPF) | bit(CAP_PERFMON), "missing CAP_NET_ADMIN;"},
    {bit(CAP_BPF) | bit(CAP_NET_ADMIN), "missing CAP_PERFMON;"},
    {bit(CAP_BPF), "missing CAP_NET_ADMIN, CAP_PERFMON;"},
};

template <typename Work>
void expect_each_lack_named(Work work) {
    for (const auto &[kept, named] : lacks) {
        const std::string failure = failure_with(kept, work);
        EXPECT_THAT(failure, HasSubstr(std::strerror(EPERM)));
        EXPECT_THAT(failure, Not(HasSubstr("\n"))) << "one line";
        EXPECT_THAT(failure, HasSubstr(named));
    }
}

TEST(NoPermission, DetectorNamesWhatIsMissing) {
    expect_each_lack_named([] { Detector::load(small()); });
}

TEST(NoPermission, SimulatorNamesWhatIsMissing) {
    expect_each_lack_named([] { Simulator{small()}; });
}

TEST(NoPermission, ThreeCapabilitiesAreEnough) {
    const auto three = bit(CAP_BPF) | bit(CAP_NET_ADMIN) | bit(CAP_PERFMON);
    EXPECT_EQ(failure_with(three, [] { Simulator{small()}; }), "");
}

// The object file.

class ObjectFile : public testing::Test {
  protected:
    /// What the refusal of a file with these bytes says.
    std::string refusal(ByteView bytes) { return refusal(directory_.write("object.o", bytes)); }
    std::string refusal(const std::string &path) {
        try {
            Detector::load(small(), {.object_path = path, .prepare = {}});
        } catch (const std::system_error &error) {
            EXPECT_THAT(error.what(), Not(HasSubstr("\n")));
            return error.what();
        }
        return "none";
    }
    /// The embedded object with each occurrence of a text replaced by another of its length.
    static Bytes with_renamed(std::string_view from, std::string_view to) {
        Bytes bytes{embedded_object().begin(), embedded_object().end()};
        auto at = bytes.begin();
        while ((at = std::search(at, bytes.end(), from.begin(), from.end())) != bytes.end())
            at = std::copy(to.begin(), to.end(), at);
        return bytes;
    }

    TemporaryDirectory directory_;
};

TEST_F(ObjectFile, ThatIsTheEmbeddedOneLoads) {
    EXPECT_EQ(refusal(embedded_object()), "none");
}

TEST_F(ObjectFile, ThatCannotBeReadIsNamed) {
    EXPECT_THAT(refusal(directory_ / "nothing.o"),
                AllOf(HasSubstr("nothing.o"), HasSubstr(std::strerror(ENOENT))));
    EXPECT_THAT(refusal(ByteView{}), HasSubstr("object.o is empty"));
    EXPECT_THAT(refusal(directory_ / "."), HasSubstr(directory_ / "."));
}

TEST_F(ObjectFile, ThatIsNoObjectIsRefused) {
    const std::string text = "#!/bin/sh\necho hello\n";
    const auto said = HasSubstr("object.o is no compiled BPF program");
    EXPECT_THAT(refusal(Bytes(text.begin(), text.end())), said);
    EXPECT_THAT(refusal(Bytes(5000, 0xff)), said);
    EXPECT_THAT(refusal(Bytes{0x7f, 'E', 'L', 'F'}), said);
}

TEST_F(ObjectFile, ThatIsCutAnywhereIsRefused) {
    const auto whole = embedded_object();
    for (std::size_t parts = 1; parts < 32; ++parts)
        EXPECT_NE(refusal(whole.first(whole.size() * parts / 32)), "none") << parts << " of 32";
    EXPECT_NE(refusal(whole.first(whole.size() - 1)), "none");
}

TEST_F(ObjectFile, OfAnotherLayoutIsRefused) {
    const auto version = HasSubstr("not a detector of this version");
    EXPECT_THAT(refusal(with_renamed("pscan_ip6_reg", "pscan_ip7_reg")),
                AllOf(version, HasSubstr("pscan_ip6_reg")));
    EXPECT_THAT(refusal(with_renamed("xdp_port_scan_block", "xdp_port_scan_clock")),
                AllOf(version, HasSubstr("xdp_port_scan_block")));
    EXPECT_THAT(refusal(with_renamed("pscan_expire", "pscan_expare")),
                AllOf(version, HasSubstr("pscan_expire")));
    EXPECT_THAT(refusal(with_renamed("ignored_ports", "ignored_parts")),
                AllOf(version, HasSubstr("ignored_ports")));
}

/// The embedded object with another size of a structure in its BTF.
Bytes with_resized(const char *structure, __u32 size) {
    const auto object = embedded_object();
    bpf_object *opened = bpf_object__open_mem(object.data(), object.size(), nullptr);
    const btf *types = bpf_object__btf(opened);
    const int id = btf__find_by_name_kind(types, structure, BTF_KIND_STRUCT);
    const btf_type type = *btf__type_by_id(types, static_cast<__u32>(id));
    bpf_object__close(opened);

    Bytes bytes{object.begin(), object.end()};
    const auto *pattern = reinterpret_cast<const std::uint8_t *>(&type);
    const auto at = std::search(bytes.begin(), bytes.end(), pattern, pattern + sizeof(type));
    std::memcpy(&*at + offsetof(btf_type, size), &size, sizeof(size));
    return bytes;
}

TEST_F(ObjectFile, WithRecordsOfAnotherSizeIsRefused) {
    const auto version = HasSubstr("not a detector of this version");
    EXPECT_THAT(refusal(with_resized("portscan_record", 40)),
                AllOf(version, HasSubstr("pscan_ip_reg")));
    EXPECT_THAT(refusal(with_resized("portscan_more_ports", 48)),
                AllOf(version, HasSubstr("pscan_ports")));
    EXPECT_THAT(refusal(with_resized("portscan_state", 384)),
                AllOf(version, HasSubstr("pscan_state")));
}

// Options.

TEST(OptionsOutOfRange, AreRefusedBeforeAnythingIsLoaded) {
    using std::chrono::nanoseconds;
    const std::vector<std::pair<const char *, DetectorOptions>> wrong{
        {"max-ports", {.max_ports = 0}},
        {"max-ports", {.max_ports = 17}},
        {"window", {.window = nanoseconds{0}}},
        {"window", {.window = nanoseconds{-1}}},
        {"block-for", {.block_for = nanoseconds{0}}},
        {"block-for", {.block_for = nanoseconds{-1}}},
        {"ipv6-prefix", {.ipv6_prefix = 31}},
        {"ipv6-prefix", {.ipv6_prefix = 129}},
        {"max-sources", {.max_sources = 1}},
        {"max-sources6", {.max_sources6 = 0}},
        {"max-blocked", {.max_sources = 10, .max_blocked = 6}},
        {"max-blocked", {.max_sources = 10, .max_blocked = 0}},
        {"max-blocked6", {.max_sources6 = 10, .max_blocked6 = 6}},
    };
    for (const auto &each : wrong) {
        const auto load = [&] { Detector::load(each.second); };
        EXPECT_THAT(load, testing::ThrowsMessage<OptionError>(HasSubstr(each.first)));
    }
}

} // namespace
} // namespace portscan
