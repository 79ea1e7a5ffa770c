// SPDX-License-Identifier: GPL-2.0-or-later
// `replay --annotate`, read back by tshark.
#include "tests/capture_bytes.h"
#include "tests/command_runner.h"
#include "tests/temporary_directory.h"

#include "sim/capture.h"
#include "sim/packet.h"

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <initializer_list>
#include <sstream>
#include <string>
#include <vector>

namespace portscan {
namespace {

using test::PcapBytes;
using test::PcapngBytes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

using Lines = std::vector<std::string>;
using Ports = std::initializer_list<std::uint16_t>;

/// What a shell command prints, by line; its standard error comes along.
Lines lines_of(const std::string &command) {
    Lines lines;
    std::FILE *const pipe = popen((command + " 2>&1").c_str(), "r");
    std::string text;
    std::array<char, 4096> buffer{};
    while (const auto count = std::fread(buffer.data(), 1, buffer.size(), pipe))
        text.append(buffer.data(), count);
    EXPECT_EQ(pclose(pipe), 0) << command << "\n" << text;
    std::istringstream stream{text};
    for (std::string line; std::getline(stream, line);)
        if (line.find("Running as user \"root\"") == line.npos) lines.push_back(line);
    return lines;
}

/// Fields of each frame as tshark has them, comments of a frame between `;`. It has no complaint.
Lines tshark(const std::string &capture, const std::string &fields) {
    return lines_of("tshark -n -r '" + capture + "' -T fields -E aggregator=';' -E separator='|' " +
                    fields);
}

Bytes probe(std::uint16_t port) {
    return tcp("10.0.0.1", "10.0.0.9", port, "S").bytes();
}

/// The packet without its Ethernet header.
Bytes raw(const Bytes &frame) {
    return {frame.begin() + 14, frame.end()};
}

class AnnotateTest : public ::testing::Test {
  protected:
    std::string write(const std::string &name, const Bytes &bytes) const {
        return directory_.write(name, bytes);
    }
    /// A replay that writes out_; what it says on standard error.
    std::string annotate(Lines arguments, int status = 0) const {
        arguments.insert(arguments.begin(), {"replay", "--annotate", out_});
        const CommandResult result = run_command(arguments);
        EXPECT_EQ(result.status, status) << result.err;
        return result.err;
    }
    Lines comments() const { return tshark(out_, "-e frame.comment"); }

    test::TemporaryDirectory directory_;
    std::string out_ = directory_ / "out.pcapng";
};

/// As mergecap leaves it: interfaces of several link types and resolutions, with comments, sent
/// frames, and blocks of other kinds.
Bytes merged() {
    PcapngBytes file;
    file.interface(test::link_ethernet, 262'144, 9).interface(test::link_raw, 0, 6);
    file.block(4, file.writer().u32(0)); // name resolution without names
    file.packet_with(file.writer().comment("first of all").u32(0), 0, 1'700'000'000'000'000'001,
                     probe(1));
    file.packet(1, 1'700'000'001'000'000, raw(probe(2)));
    const Bytes outgoing = file.writer().u32(2).bytes();
    file.packet_with(file.writer().comment("a").option(2, outgoing).comment("b").u32(0), 0,
                     1'700'000'002'000'000'003, tcp("10.0.0.9", "10.0.0.1", 5, "S").bytes());
    file.packet(1, 1'700'000'003'000'004, raw(probe(3)));
    file.block(5, file.writer().u32(1).u32(0).u32(0)); // statistics
    PcapngBytes second{std::endian::big};
    second.interface(test::link_ethernet, 0, 9);
    second.packet(0, 1'700'000'004'000'000'005, probe(4));
    Bytes bytes = file.bytes();
    bytes.insert(bytes.end(), second.bytes().begin(), second.bytes().end());
    return bytes;
}

TEST_F(AnnotateTest, SaysWhatBecameOfEachFrame) {
    PcapBytes file{{.nanoseconds = true}};
    for (const std::uint16_t port : Ports{1, 2, 3, 3, 4})
        file.record(1'700'000'000, 7, probe(port));
    file.record(1'700'000'001, 0, tcp("10.0.0.9", "10.0.0.1", 9, "SA").bytes());
    file.record(1'700'000'002, 0, Bytes(13));
    file.record(1'700'000'003, 0, ByteView{probe(5)}.first(40), 54);
    file.record(1'700'000'004, 0, Bytes(60));
    file.record(1'700'000'005, 0, tcp("10.0.0.1", "10.0.0.9", 1, "A").bytes());
    EXPECT_EQ(annotate({write("scan.pcap", file.bytes())}), "");
    EXPECT_THAT(comments(), ElementsAre("xdp: verdict=pass reason=recorded source=10.0.0.1 port=1",
                                        "xdp: verdict=pass reason=recorded source=10.0.0.1 port=2",
                                        "xdp: verdict=pass reason=recorded source=10.0.0.1 port=3",
                                        "xdp: verdict=pass reason=known source=10.0.0.1 port=3",
                                        "xdp: verdict=drop reason=threshold source=10.0.0.1 port=4",
                                        "xdp: verdict=pass reason=not_probe source=10.0.0.9",
                                        "xdp: skipped=too_short", "xdp: skipped=undecidable",
                                        "xdp: verdict=pass reason=not_ip",
                                        "xdp: verdict=drop reason=blocked source=10.0.0.1"));
    EXPECT_THAT(tshark(out_, "-Y 'frame.comment contains \"verdict=drop\"' -e frame.number"),
                ElementsAre("5", "10"));
}

TEST_F(AnnotateTest, FramesLeftOutSaySo) {
    PcapBytes file;
    file.record(1, 0, probe(1)).record(2, 0, probe(2));
    annotate({"--filter", "tcp dst port 2", write("x.pcap", file.bytes())});
    EXPECT_THAT(comments(),
                ElementsAre("xdp: not_selected",
                            "xdp: verdict=pass reason=recorded source=10.0.0.1 port=2"));
}

TEST_F(AnnotateTest, TimesInterfacesLinkTypesAndCommentsAreKept) {
    const std::string in = write("merged.pcapng", merged());
    EXPECT_EQ(annotate({in}), "");
    const std::string fields = "-e frame.number -e frame.time_epoch -e frame.section_number "
                               "-e frame.interface_id -e frame.encap_type -e frame.len "
                               "-e frame.packet_flags -e tcp.dstport";
    const Lines before = tshark(in, fields);
    ASSERT_THAT(before, SizeIs(5));
    EXPECT_THAT(before[0], HasSubstr("1700000000.000000001"));
    EXPECT_EQ(tshark(out_, fields), before);
    EXPECT_THAT(comments(),
                ElementsAre("first of all;xdp: verdict=pass reason=recorded source=10.0.0.1 port=1",
                            "xdp: verdict=pass reason=recorded source=10.0.0.1 port=2",
                            "a;b;xdp: skipped=outgoing",
                            "xdp: verdict=pass reason=recorded source=10.0.0.1 port=3",
                            "xdp: verdict=drop reason=threshold source=10.0.0.1 port=4"));
}

TEST_F(AnnotateTest, CaptureMergedByOthersIsReplayed) {
    PcapBytes ethernet, raw_ip{{.link_type = test::link_raw}};
    ethernet.record(1, 0, probe(1)).record(3, 0, probe(3));
    raw_ip.record(2, 0, raw(probe(2))).record(4, 0, raw(probe(4)));
    const std::string merged = directory_ / "merged.pcapng";
    lines_of("mergecap -w " + merged + " " + write("a.pcap", ethernet.bytes()) + " " +
             write("b.pcap", raw_ip.bytes()));
    EXPECT_EQ(annotate({merged}), "");
    ASSERT_THAT(comments(), SizeIs(4));
    EXPECT_THAT(comments()[3], HasSubstr("verdict=drop reason=threshold"));
}

TEST_F(AnnotateTest, SeveralCapturesBecomeSectionsOfOne) {
    PcapBytes one, other{{.link_type = test::link_raw}};
    one.record(1, 0, probe(1));
    other.record(2, 0, raw(probe(2)));
    annotate({write("one.pcap", one.bytes()), write("other.pcap", other.bytes())});
    EXPECT_THAT(tshark(out_, "-e frame.number -e frame.encap_type"), ElementsAre("1|1", "2|7"));
}

TEST_F(AnnotateTest, DamagedCaptureIsAnnotatedUpToThere) {
    Bytes bytes = merged();
    bytes.resize(bytes.size() - 5);
    EXPECT_THAT(annotate({write("cut.pcapng", bytes)}, 2), HasSubstr("record 5: the file is cut"));
    EXPECT_THAT(comments(), SizeIs(4));
}

TEST_F(AnnotateTest, NothingReadLeavesNoFile) {
    annotate({directory_ / "missing.pcap"}, 2);
    EXPECT_FALSE(std::filesystem::exists(out_));
}

TEST_F(AnnotateTest, CaptureIsNeverOverwritten) {
    const std::string in = write("x.pcapng", merged());
    const std::string before = read_file(in);
    std::filesystem::create_symlink(in, out_);
    for (const std::string &target : {in, out_}) {
        const CommandResult result = run_command({"replay", "--annotate", target, in});
        EXPECT_EQ(result.status, 2);
        EXPECT_THAT(result.err, HasSubstr("is the capture itself: name another file"));
    }
    EXPECT_EQ(run_command({"replay", "--annotate", "x", "--write-passed", "x", in}).status, 2);
    EXPECT_EQ(read_file(in), before);
}

TEST_F(AnnotateTest, StandardOutputIsLeftToIt) {
    const CommandResult result =
        run_command({"replay", "--annotate", "-", write("x.pcapng", merged())});
    EXPECT_EQ(result.status, 0);
    EXPECT_THAT(result.err, HasSubstr("CAPTURE"));
    std::ofstream{out_, std::ios::binary} << result.out;
    EXPECT_THAT(comments(), SizeIs(5));
}

TEST_F(AnnotateTest, FullDiskIsAFailureOfTheHarness) {
    const auto result = run_command({"replay", "--annotate", "/dev/full", write("x", merged())});
    EXPECT_EQ(result.status, 3);
    EXPECT_THAT(result.err, HasSubstr("cannot write /dev/full: No space left on device"));
    EXPECT_THAT(result.out, HasSubstr("CAPTURE")) << "the table is of use without it";
    EXPECT_EQ(run_command({"replay", "--annotate", directory_ / "no/folder", out_}).status, 2);
}

} // namespace
} // namespace portscan
