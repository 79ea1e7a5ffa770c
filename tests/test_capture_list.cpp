// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/capture_list.h"

#include "tests/capture_bytes.h"
#include "tests/temporary_directory.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace portscan {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class CaptureListTest : public ::testing::Test {
  protected:
    CaptureListTest() {
        fs::create_directories(top / "b/c");
        fs::create_directories(top / "empty");
    }
    std::string capture(const std::string &name) const {
        return top.write(name, test::PcapBytes{}.bytes());
    }
    std::string text(const std::string &name) const {
        std::ofstream{top / name} << "this is no capture\n";
        return top / name;
    }

    test::TemporaryDirectory top;
};

TEST_F(CaptureListTest, FoldersAreWalkedInTheOrderOfNames) {
    const std::string last = capture("z.pcap"), below = capture("b/c/y.pcap"),
                      first = capture("a.pcap"), second = capture("b/x.pcap");
    const CaptureList list = list_captures({top / "b", top / "."});
    EXPECT_THAT(list.captures, ElementsAre(below, second, top / "./a.pcap", top / "./b/c/y.pcap",
                                           top / "./b/x.pcap", top / "./z.pcap"));
    EXPECT_THAT(list.left_out, IsEmpty());
    EXPECT_THAT(list.failures, IsEmpty());
}

TEST_F(CaptureListTest, StandardInputIsReadOnce) {
    const CaptureList list = list_captures({"-", capture("a.pcap"), "-"});
    EXPECT_THAT(list.captures, ElementsAre("-", top / "a.pcap"));
    EXPECT_THAT(list.failures, ElementsAre(HasSubstr("named twice")));
}

TEST_F(CaptureListTest, ContentOrNameTellsACapture) {
    const std::string unnamed = capture("b/ring00001");
    const std::string ng = top.write("b/ng", test::PcapngBytes{}.bytes());
    const std::string broken = text("b/broken.pcap.gz");
    text("b/notes.txt");
    std::ofstream{top / "b/short"} << "\n";
    std::ofstream{top / "b/archive.xz"} << std::string{"\xfd\x37zXZ\0\0\0", 8};
    const CaptureList list = list_captures({top / "b"});
    EXPECT_THAT(list.captures, ElementsAre(broken, ng, unnamed));
    EXPECT_THAT(left_out_lines(list, false),
                ElementsAre(HasSubstr("archive.xz: not a capture, left out"),
                            HasSubstr("notes.txt: not a capture, left out"),
                            HasSubstr("short: not a capture, left out")));
}

TEST_F(CaptureListTest, LinksToFoldersAndWhatIsNoFileAreLeftOut) {
    const std::string real = capture("a.pcap"), link = top / "b/link.pcap";
    fs::create_symlink(real, link);
    fs::create_directory_symlink(top / ".", top / "b/loop");
    fs::create_symlink(top / "nothing", top / "b/dangling.pcap");
    ASSERT_EQ(mkfifo((top / "b/pipe.pcap").c_str(), 0600), 0);
    const CaptureList list = list_captures({top / "b"});
    EXPECT_THAT(list.captures, ElementsAre(link));
    EXPECT_THAT(left_out_lines(list, false),
                ElementsAre(HasSubstr("dangling.pcap: a link to nothing"),
                            HasSubstr("loop: a link to a folder"),
                            HasSubstr("pipe.pcap: no regular file")));
}

TEST_F(CaptureListTest, WhatTheKernelMakesUpIsNotEntered) {
    const CaptureList list = list_captures({"/proc/self"});
    EXPECT_THAT(left_out_lines(list, false),
                ElementsAre("/proc/self: files that the kernel makes up, left out"));
    EXPECT_THAT(list.failures, ElementsAre(HasSubstr("no capture in this folder")));
}

TEST_F(CaptureListTest, ManyThatAreNoCapturesAreOneLineUnlessEachIsWanted) {
    for (const char *name : {"b/1", "b/2", "b/3", "b/4"}) text(name);
    fs::create_symlink(top / "nothing", top / "b/5");
    const CaptureList list = list_captures({top / "b"});
    EXPECT_THAT(left_out_lines(list, false),
                ElementsAre(HasSubstr("b/1 and 3 others: not a capture, left out (-v names them)"),
                            HasSubstr("b/5: a link to nothing, left out")));
    EXPECT_THAT(left_out_lines(list, true), SizeIs(5));
}

TEST(LeftOutLines, TakeNoLongerForEachWhereThereAreMany) {
    const CaptureList list{.left_out = std::vector<LeftOut>(300'000, {"/proc/1", "not a capture"})};
    const auto start = std::chrono::steady_clock::now();
    EXPECT_THAT(left_out_lines(list, false), SizeIs(1));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{5});
}

TEST_F(CaptureListTest, FolderWithoutCapturesIsAFailure) {
    const CaptureList list = list_captures({top / "empty"});
    EXPECT_THAT(list.captures, IsEmpty());
    EXPECT_THAT(list.failures, ElementsAre(HasSubstr("empty: no capture in this folder")));
}

TEST_F(CaptureListTest, WhatIsNamedStandsWhereItIsNamed) {
    const std::string one = capture("b/x.pcap");
    const CaptureList list = list_captures({"-", "missing.pcap", top / "b", "other"});
    EXPECT_THAT(list.captures, ElementsAre("-", "missing.pcap", one, "other"));
    EXPECT_THAT(list.failures, IsEmpty());
}

} // namespace
} // namespace portscan
