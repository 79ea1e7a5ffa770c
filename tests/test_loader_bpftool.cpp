// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/loader_host.h"

#include <bpf/bpf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <system_error>

namespace portscan::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using Json = nlohmann::json;

unsigned id_of_pinned_map(const std::string &path) {
    const FileDescriptor map{bpf_obj_get(path.c_str())};
    bpf_map_info info{};
    __u32 size = sizeof(info);
    if (bpf_obj_get_info_by_fd(map.get(), &info, &size) != 0)
        throw std::system_error(errno, std::generic_category(), path);
    return info.id;
}

/// Of the whole machine.
std::vector<unsigned> ids_of_maps_named(const LoaderHost &host, const std::string &name) {
    const auto shown = host.execute({PORTSCAN_BPFTOOL, "--json", "map", "show"});
    std::vector<unsigned> ids;
    for (const auto &map : Json::parse(shown.output))
        if (map.contains("name") && map["name"] == name) ids.push_back(map["id"]);
    return ids;
}

/// By the map's name, as the manual has it; where this machine runs other detectors, by its number
/// among those of that name, as bpftool then demands.
TEST(LoaderBpftool, DeletingARecordByTheNameOfItsMapUnblocksAtOnce) {
    const LoaderHost host;
    const Process loader = host.run();
    host.probe("10.211.55.4", {1, 2, 3, 4});
    EXPECT_THAT(host.probe("10.211.55.4", {1}), IsEmpty());
    const unsigned id = id_of_pinned_map(host.pin_dir() + "/pscan_ip_reg");
    const auto named = ids_of_maps_named(host, "pscan_ip_reg");
    EXPECT_THAT(named, Contains(id));
    std::vector<std::string> command{PORTSCAN_BPFTOOL, "map", "delete", "name", "pscan_ip_reg"};
    if (named.size() > 1) command = {PORTSCAN_BPFTOOL, "map", "delete", "id", std::to_string(id)};
    command.insert(command.end(), {"key", "hex", "0a", "d3", "37", "04"});
    const auto deleted = host.execute(command);
    EXPECT_EQ(deleted.status, 0) << deleted.errors << deleted.output;
    EXPECT_THAT(host.probe("10.211.55.4", {5, 6, 7, 8}), ElementsAre(5, 6, 7));
    EXPECT_EQ(host.command({"list", "10.211.55.4"}).status, 0) << "blocked anew";
}

} // namespace
} // namespace portscan::test
