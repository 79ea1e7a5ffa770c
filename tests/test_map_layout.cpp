// SPDX-License-Identifier: GPL-2.0-or-later
#include "bpf/portscan.h"
#include "loader/counters.h"
#include "loader/detector.h"
#include "loader/libbpf_log.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <cstddef>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/btf.h>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace portscan {
namespace {

// What people script against: names, sizes and fields as the object's own BTF has them, which is
// what bpftool prints by.

struct ObjectCloser {
    void operator()(bpf_object *object) const { bpf_object__close(object); }
};

class MapLayout : public testing::Test {
  protected:
    MapLayout() :
        object_{bpf_object__open_mem(embedded_object().data(), embedded_object().size(), nullptr)} {
    }
    void SetUp() override { ASSERT_NE(object_, nullptr); }

    const btf *types() const { return bpf_object__btf(object_.get()); }
    const bpf_map *map(const char *name) const {
        return bpf_object__find_map_by_name(object_.get(), name);
    }
    const char *name_of(unsigned offset) const { return btf__name_by_offset(types(), offset); }
    const btf_type *resolved(unsigned id) const {
        return btf__type_by_id(types(), static_cast<__u32>(btf__resolve_type(types(), id)));
    }

    const LibbpfLog quiet;
    std::unique_ptr<bpf_object, ObjectCloser> object_;
};

struct ExpectedMap {
    const char *name;
    bpf_map_type type;
    unsigned key_size, value_size;
    const char *value_type; ///< of BTF; empty: a number, or none
};

constexpr std::array maps{
    ExpectedMap{"pscan_ip_reg", BPF_MAP_TYPE_HASH, 4, 32, "portscan_record"},
    ExpectedMap{"pscan_ip6_reg", BPF_MAP_TYPE_HASH, 16, 32, "portscan_record"},
    ExpectedMap{"pscan_ports", BPF_MAP_TYPE_HASH, 4, 40, "portscan_more_ports"},
    ExpectedMap{"pscan_ports6", BPF_MAP_TYPE_HASH, 16, 40, "portscan_more_ports"},
    ExpectedMap{"pscan_queue", BPF_MAP_TYPE_ARRAY, 4, 4, "portscan_key4"},
    ExpectedMap{"pscan_queue6", BPF_MAP_TYPE_ARRAY, 4, 16, "portscan_key6"},
    ExpectedMap{"pscan_allow", BPF_MAP_TYPE_LPM_TRIE, 8, 16, "portscan_allow_value"},
    ExpectedMap{"pscan_allow6", BPF_MAP_TYPE_LPM_TRIE, 20, 16, "portscan_allow_value"},
    ExpectedMap{"pscan_allow6_in", BPF_MAP_TYPE_HASH, 16, 4, ""},
    ExpectedMap{"pscan_stats", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, ""},
    ExpectedMap{"pscan_state", BPF_MAP_TYPE_ARRAY, 4, 320, "portscan_state"},
    ExpectedMap{"pscan_events", BPF_MAP_TYPE_RINGBUF, 0, 0, ""},
};

TEST_F(MapLayout, MapsHaveTheirNamesTypesAndSizes) {
    for (const auto &expected : maps) {
        SCOPED_TRACE(expected.name);
        const bpf_map *found = map(expected.name);
        ASSERT_NE(found, nullptr);
        EXPECT_EQ(bpf_map__type(found), expected.type);
        EXPECT_EQ(bpf_map__key_size(found), expected.key_size);
        EXPECT_EQ(bpf_map__value_size(found), expected.value_size);
        EXPECT_LT(std::string{expected.name}.size(), std::size_t{BPF_OBJ_NAME_LEN});
        if (expected.type == BPF_MAP_TYPE_RINGBUF) continue;
        ASSERT_NE(bpf_map__btf_value_type_id(found), 0U) << "bpftool prints fields by it";
        const auto *value = resolved(bpf_map__btf_value_type_id(found));
        if (*expected.value_type != '\0') {
            EXPECT_STREQ(name_of(value->name_off), expected.value_type);
        }
    }
}

TEST_F(MapLayout, ThereAreNoOtherMaps) {
    std::vector<std::string> names;
    const bpf_map *each = nullptr;
    bpf_object__for_each_map(each, object_.get()) {
        if (!bpf_map__is_internal(each)) names.emplace_back(bpf_map__name(each));
    }
    EXPECT_EQ(names.size(), maps.size()) << testing::PrintToString(names);
}

/// A member as C++ has it: offset and size in bits.
struct Field {
    const char *name;
    std::size_t offset, size;
};

template <typename Struct, typename Member>
Field field(const char *name, Member Struct::*member) {
    const Struct object{};
    const auto *start = reinterpret_cast<const char *>(&object);
    const auto *place = reinterpret_cast<const char *>(&(object.*member));
    return {name, 8 * static_cast<std::size_t>(place - start), 8 * sizeof(Member)};
}

struct ExpectedType {
    const char *name;
    std::size_t size;
    std::vector<Field> fields; ///< all, in order
};

// Without portscan_event: a ring buffer's records have no type in BTF.
const std::vector<ExpectedType> expected_types{
    {"portscan_record",
     sizeof(portscan_record),
     {field("port1", &portscan_record::port1),
      field("port2", &portscan_record::port2),
      field("port3", &portscan_record::port3),
      field("blocked", &portscan_record::blocked),
      {"count", 56, 5},
      {"tag", 61, 3},
      field("packet_timestamp", &portscan_record::packet_timestamp),
      field("queue_place", &portscan_record::queue_place),
      field("block_ifindex", &portscan_record::block_ifindex),
      field("trigger_port", &portscan_record::trigger_port),
      field("manual", &portscan_record::manual),
      field("dry_run", &portscan_record::dry_run),
      field("life", &portscan_record::life)}},
    {"portscan_key4", sizeof(portscan_key4), {field("address", &portscan_key4::address)}},
    {"portscan_key6", sizeof(portscan_key6), {field("address", &portscan_key6::address)}},
    {"portscan_more_ports",
     sizeof(portscan_more_ports),
     {field("word", &portscan_more_ports::word)}},
    {"portscan_allow_key4",
     sizeof(portscan_allow_key4),
     {field("prefix_length", &portscan_allow_key4::prefix_length),
      field("address", &portscan_allow_key4::address)}},
    {"portscan_allow_key6",
     sizeof(portscan_allow_key6),
     {field("prefix_length", &portscan_allow_key6::prefix_length),
      field("address", &portscan_allow_key6::address)}},
    {"portscan_allow_value",
     sizeof(portscan_allow_value),
     {field("until", &portscan_allow_value::until),
      field("origins", &portscan_allow_value::origins),
      field("padding", &portscan_allow_value::padding)}},
    {"portscan_family_state",
     sizeof(portscan_family_state),
     {field("queue_head", &portscan_family_state::queue_head),
      field("blocked", &portscan_family_state::blocked),
      field("hand_begun", &portscan_family_state::hand_begun),
      field("hand_ended", &portscan_family_state::hand_ended),
      field("padding32", &portscan_family_state::padding32),
      field("padding", &portscan_family_state::padding)}},
    {"portscan_expiry",
     sizeof(portscan_expiry),
     {field("sources_freed", &portscan_expiry::sources_freed),
      field("blocks_freed", &portscan_expiry::blocks_freed),
      field("sources_left", &portscan_expiry::sources_left),
      field("blocks_left", &portscan_expiry::blocks_left),
      field("next_due", &portscan_expiry::next_due), field("padding", &portscan_expiry::padding)}},
    {"portscan_state",
     sizeof(portscan_state),
     {field("family", &portscan_state::family), field("expiry", &portscan_state::expiry),
      field("allow6_inside", &portscan_state::allow6_inside),
      field("allow_changed", &portscan_state::allow_changed),
      field("padding", &portscan_state::padding)}},
};

TEST_F(MapLayout, FieldsAreWhereTheHeaderHasThem) {
    for (const auto &expected : expected_types) {
        SCOPED_TRACE(expected.name);
        const int id = btf__find_by_name_kind(types(), expected.name, BTF_KIND_STRUCT);
        ASSERT_GT(id, 0);
        const btf_type *type = btf__type_by_id(types(), static_cast<__u32>(id));
        EXPECT_EQ(type->size, expected.size);
        ASSERT_EQ(btf_vlen(type), expected.fields.size());
        for (unsigned i = 0; i < btf_vlen(type); ++i) {
            const auto &[name, offset, size] = expected.fields[i];
            const btf_member &member = btf_members(type)[i];
            EXPECT_STREQ(name_of(member.name_off), name);
            EXPECT_EQ(btf_member_bit_offset(type, i), offset) << name;
            const unsigned bits = btf_member_bitfield_size(type, i);
            const auto bytes = static_cast<std::size_t>(btf__resolve_size(types(), member.type));
            EXPECT_EQ(bits != 0 ? bits : 8 * bytes, size) << name;
        }
    }
}

TEST_F(MapLayout, DocumentedFieldsStandAtTheTopOfARecord) {
    const auto *record = resolved(bpf_map__btf_value_type_id(map("pscan_ip_reg")));
    std::vector<std::string> names;
    for (unsigned i = 0; i < btf_vlen(record); ++i)
        names.emplace_back(name_of(btf_members(record)[i].name_off));
    for (const char *name : {"blocked", "packet_timestamp", "port1", "port2", "port3"})
        EXPECT_THAT(names, testing::Contains(name));
    EXPECT_EQ(sizeof(portscan_record::blocked), 1U) << "a byte that reads 0 or 1";
    EXPECT_EQ(offsetof(portscan_record, packet_timestamp) % 8, 0U);
}

TEST(CounterIds, AreWhatDashboardsRead) {
    EXPECT_EQ(PORTSCAN_XDP_ABORTED, 0);
    EXPECT_EQ(PORTSCAN_XDP_DROP, 1);
    EXPECT_EQ(PORTSCAN_XDP_PASS, 2);
    EXPECT_EQ(PORTSCAN_XDP_TX, 3);
    EXPECT_EQ(PORTSCAN_XDP_REDIRECT, 4);
    EXPECT_EQ(PORTSCAN_PROBES, 5);
    EXPECT_EQ(PORTSCAN_REGISTRY_SIZE, 6);
    EXPECT_EQ(PORTSCAN_FIRST_REASON, 7);
}

TEST_F(MapLayout, EachCounterHasAName) {
    EXPECT_EQ(counter_names().size(), std::size_t{PORTSCAN_COUNTERS});
    EXPECT_EQ(bpf_map__max_entries(map("pscan_stats")), std::size_t{PORTSCAN_COUNTERS});
    const std::vector<std::pair<int, const char *>> names{{PORTSCAN_XDP_ABORTED, "xdp_aborted"},
                                                          {PORTSCAN_XDP_REDIRECT, "xdp_redirect"},
                                                          {PORTSCAN_PROBES, "probes"},
                                                          {PORTSCAN_REGISTRY_SIZE, "registry_size"},
                                                          {PORTSCAN_MALFORMED, "malformed"},
                                                          {PORTSCAN_BLOCKED, "blocked"},
                                                          {PORTSCAN_THRESHOLD, "threshold"},
                                                          {PORTSCAN_BLOCK_REFUSED, "block_refused"},
                                                          {PORTSCAN_INSERT_FAILED, "insert_failed"},
                                                          {PORTSCAN_CONTENTION, "contention"},
                                                          {PORTSCAN_FAULT, "fault"},
                                                          {PORTSCAN_INSERTED, "inserted"},
                                                          {PORTSCAN_BLOCKS, "blocks"},
                                                          {PORTSCAN_EVICTIONS, "evictions"},
                                                          {PORTSCAN_WOULD_DROP, "would_drop"},
                                                          {PORTSCAN_EVENTS_LOST, "events_lost"}};
    for (const auto &[key, name] : names)
        EXPECT_EQ(counter_names().at(static_cast<std::size_t>(key)), name);
}

/// A number that libbpf's __uint() wrote into a type: the size of an array behind a pointer.
std::optional<unsigned> written_number(const btf *types, const btf_type *structure,
                                       const std::string &name) {
    for (unsigned i = 0; i < btf_vlen(structure); ++i) {
        const btf_member &member = btf_members(structure)[i];
        if (btf__name_by_offset(types, member.name_off) != name) continue;
        const btf_type *pointer = btf__type_by_id(types, member.type);
        return btf_array(btf__type_by_id(types, pointer->type))->nelems;
    }
    return std::nullopt;
}

TEST_F(MapLayout, ObjectCarriesTheRunConfigurationOfLibxdp) {
    const int id = btf__find_by_name_kind(types(), ".xdp_run_config", BTF_KIND_DATASEC);
    ASSERT_GT(id, 0);
    const btf_type *section = btf__type_by_id(types(), static_cast<__u32>(id));
    ASSERT_EQ(btf_vlen(section), 1U);
    const btf_type *variable = btf__type_by_id(types(), btf_var_secinfos(section)->type);
    EXPECT_STREQ(name_of(variable->name_off), "_xdp_port_scan_block") << "_ and the program's name";
    const btf_type *configuration = resolved(variable->type);
    EXPECT_EQ(written_number(types(), configuration, "priority"), 10U);
    EXPECT_EQ(written_number(types(), configuration, "XDP_PASS"), 1U) << "others follow";
    EXPECT_EQ(written_number(types(), configuration, "XDP_DROP"), std::nullopt);
}

TEST_F(MapLayout, ProgramsHaveTheirNamesAndSections) {
    const bpf_program *program =
        bpf_object__find_program_by_name(object_.get(), "xdp_port_scan_block");
    ASSERT_NE(program, nullptr);
    EXPECT_STREQ(bpf_program__section_name(program), "xdp.frags");
    EXPECT_NE(bpf_object__find_program_by_name(object_.get(), "pscan_expire"), nullptr);
}

} // namespace
} // namespace portscan
