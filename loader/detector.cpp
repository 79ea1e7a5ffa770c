// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/detector.h"

#include "bpf/portscan.h"
#include "bpf/xdp_portscan.skel.h"
#include "loader/detector_config.h"
#include "loader/features.h"
#include "loader/file_content.h"
#include "loader/libbpf_log.h"

#include <array>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstddef>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <system_error>

namespace portscan {
namespace {

struct ObjectCloser {
    void operator()(bpf_object *object) const { bpf_object__close(object); }
};
using ObjectPointer = std::unique_ptr<bpf_object, ObjectCloser>;

[[noreturn]] void fail(int error, const std::string &what) {
    throw std::system_error(error, std::generic_category(), what);
}

[[noreturn]] void refuse_object(int error, const std::string &what) {
    throw ObjectError(error, std::generic_category(), what);
}

[[noreturn]] void refuse_to_open(int error, const std::string &path, const LibbpfLog &log) {
    if (error == LIBBPF_ERRNO__FORMAT)
        refuse_object(ENOEXEC, fmt::format("detector object {} is no compiled BPF program; name "
                                           "one such as xdp_portscan.o",
                                           path));
    refuse_object(error, fmt::format("open detector object {}: {}", path, log.reason()));
}

/// Fails by their names where capabilities are missing, which then is why the kernel refused.
void fail_if_not_permitted() {
    if (const auto missing = missing_capabilities(); !missing.empty())
        fail(EPERM, fmt::format("load detector: missing {}; run as root or with CAP_BPF, "
                                "CAP_NET_ADMIN and CAP_PERFMON",
                                fmt::join(missing, ", ")));
}

/// Why the kernel refused to load, as far as it can be told: capability, feature, or libbpf's word.
[[noreturn]] void explain_refusal(int error, const LibbpfLog &log) {
    const std::string reason = log.reason();
    fail_if_not_permitted();
    if (const auto feature = missing_kernel_feature())
        fail(EOPNOTSUPP, fmt::format("load detector: this kernel lacks {}; Linux 5.15 or newer is "
                                     "needed",
                                     *feature));
    if (error == E2BIG || error == ENOMEM)
        fail(error, "load detector: no room for maps of that size; give a smaller --max-sources or "
                    "--max-sources6");
    fail(error, reason.empty() ? "load detector" : fmt::format("load detector: {}", reason));
}

bpf_program *find_program(bpf_object *object, const char *name) {
    bpf_program *program = bpf_object__find_program_by_name(object, name);
    if (program == nullptr)
        refuse_object(
            EINVAL, fmt::format("object has no program {}: not a detector of this version", name));
    return program;
}

void prepare_object(const DetectorSettings &settings, bpf_object *object) {
    if (!settings.prepare) return;
    try {
        settings.prepare(object);
    } catch (const std::system_error &error) {
        if (error.code() == std::errc::operation_not_permitted) fail_if_not_permitted();
        throw;
    }
}

struct MapFacts {
    DetectorMapName name;
    std::size_t key_size;
    std::size_t value_size;
};

/// The maps, with the sizes that user space reads and writes them by.
constexpr std::array<MapFacts, 12> map_facts{{
    {{"pscan_ip_reg", &DetectorMaps::ip_reg}, sizeof(portscan_key4), sizeof(portscan_record)},
    {{"pscan_ip6_reg", &DetectorMaps::ip6_reg}, sizeof(portscan_key6), sizeof(portscan_record)},
    {{"pscan_ports", &DetectorMaps::ports}, sizeof(portscan_key4), sizeof(portscan_more_ports)},
    {{"pscan_ports6", &DetectorMaps::ports6}, sizeof(portscan_key6), sizeof(portscan_more_ports)},
    {{"pscan_queue", &DetectorMaps::queue}, sizeof(__u32), sizeof(portscan_key4)},
    {{"pscan_queue6", &DetectorMaps::queue6}, sizeof(__u32), sizeof(portscan_key6)},
    {{"pscan_allow", &DetectorMaps::allow},
     sizeof(portscan_allow_key4),
     sizeof(portscan_allow_value)},
    {{"pscan_allow6", &DetectorMaps::allow6},
     sizeof(portscan_allow_key6),
     sizeof(portscan_allow_value)},
    {{"pscan_allow6_in", &DetectorMaps::allow6_in}, sizeof(portscan_key6), sizeof(__u32)},
    {{"pscan_stats", &DetectorMaps::stats}, sizeof(__u32), sizeof(__u64)},
    {{"pscan_state", &DetectorMaps::state}, sizeof(__u32), sizeof(portscan_state)},
    {{"pscan_events", &DetectorMaps::events}, 0, 0},
}};

constexpr auto map_names = [] {
    std::array<DetectorMapName, map_facts.size()> names{};
    for (std::size_t i = 0; i < names.size(); ++i) names[i] = map_facts[i].name;
    return names;
}();

/// The object's maps in the order of map_facts. Found before load, since a map that is handed in
/// goes by its own name from then on.
std::array<bpf_map *, map_facts.size()> find_maps(bpf_object *object) {
    std::array<bpf_map *, map_facts.size()> maps{};
    for (std::size_t i = 0; i < maps.size(); ++i) {
        const auto &[name, key_size, value_size] = map_facts[i];
        maps[i] = bpf_object__find_map_by_name(object, name.name);
        if (maps[i] == nullptr)
            refuse_object(
                EINVAL,
                fmt::format("object has no map {}: not a detector of this version", name.name));
        if (bpf_map__key_size(maps[i]) != key_size || bpf_map__value_size(maps[i]) != value_size)
            refuse_object(EINVAL,
                          fmt::format("map {} of the object has elements of another size: not a "
                                      "detector of this version",
                                      name.name));
    }
    return maps;
}

} // namespace

struct Detector::State {
    ObjectPointer object;
    DetectorMaps maps;
    int config_map = -1;
    int program = -1;
    int expire_program = -1;
    bool frags = false;
};

Detector::Detector(std::unique_ptr<State> state) : state_{std::move(state)} {}
Detector::Detector(Detector &&) noexcept = default;
Detector &Detector::operator=(Detector &&) noexcept = default;
Detector::~Detector() = default;

Detector Detector::load(const DetectorOptions &options, const DetectorSettings &settings) {
    validate(options);
    const auto bytes = read_object(settings.object_path);
    const LibbpfLog log;
    LIBBPF_OPTS(bpf_object_open_opts, open_options, .object_name = "xdp_portscan");
    auto state = std::make_unique<State>();
    state->object.reset(bpf_object__open_mem(bytes.data(), bytes.size(), &open_options));
    if (state->object == nullptr) refuse_to_open(errno, settings.object_path, log);

    bpf_program *program = find_program(state->object.get(), "xdp_port_scan_block");
    state->frags = kernel_has_xdp_frags();
    if (!state->frags) bpf_program__set_flags(program, 0);
    configure(state->object.get(), options, state->frags);
    const auto maps = find_maps(state->object.get());
    prepare_object(settings, state->object.get());
    if (const int error = bpf_object__load(state->object.get()); error != 0)
        explain_refusal(-error, log);

    for (std::size_t i = 0; i < maps.size(); ++i)
        state->maps.*map_names[i].fd = bpf_map__fd(maps[i]);
    state->config_map = bpf_map__fd(configuration_map(state->object.get()));
    state->program = bpf_program__fd(program);
    state->expire_program = bpf_program__fd(find_program(state->object.get(), "pscan_expire"));
    return Detector{std::move(state)};
}

int Detector::program() const {
    return state_->program;
}
int Detector::expire_program() const {
    return state_->expire_program;
}
const DetectorMaps &Detector::maps() const {
    return state_->maps;
}
int Detector::config_map() const {
    return state_->config_map;
}
bpf_object *Detector::object() const {
    return state_->object.get();
}
bool Detector::has_frags() const {
    return state_->frags;
}

std::span<const DetectorMapName> detector_map_names() {
    return map_names;
}

std::span<const std::uint8_t> embedded_object() {
    std::size_t size = 0;
    const void *bytes = xdp_portscan__elf_bytes(&size);
    return {static_cast<const std::uint8_t *>(bytes), size};
}

std::vector<std::uint8_t> read_object(const std::string &path) {
    if (path.empty()) {
        const auto embedded = embedded_object();
        return {embedded.begin(), embedded.end()};
    }
    constexpr std::size_t most = std::size_t{64} * 1024 * 1024;
    try {
        const std::string content = read_content(path, most);
        if (content.empty())
            refuse_object(ENOEXEC, fmt::format("detector object {} is empty", path));
        return {content.begin(), content.end()};
    } catch (const ObjectError &) {
        throw;
    } catch (const std::system_error &error) {
        refuse_object(error.code().value(), fmt::format("read detector object {}", path));
    }
}

} // namespace portscan
