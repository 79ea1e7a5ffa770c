// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/pinned_detector.h"

#include "loader/detector_config.h"
#include "loader/libbpf_log.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <memory>
#include <system_error>

namespace portscan {
namespace {

template <typename Info>
Info inspect(int fd, const char *what) {
    Info info{};
    __u32 size = sizeof(info);
    if (bpf_obj_get_info_by_fd(fd, &info, &size) != 0)
        throw std::system_error(errno, std::generic_category(), what);
    return info;
}

bpf_map_info map_info(int fd) {
    return inspect<bpf_map_info>(fd, "inspect pinned map");
}

using ObjectPointer = std::unique_ptr<bpf_object, void (*)(bpf_object *)>;

/// What this version would load, to compare with.
ObjectPointer open_embedded_object() {
    const LibbpfLog quiet;
    const auto bytes = embedded_object();
    ObjectPointer object{bpf_object__open_mem(bytes.data(), bytes.size(), nullptr),
                         bpf_object__close};
    if (object == nullptr)
        throw std::system_error(errno, std::generic_category(), "open detector object");
    return object;
}

/// Its keys and values are not what our structures hold. Sizes of the whole are options.
bool is_of_another_kind(int fd, const bpf_map *map) {
    const auto info = map_info(fd);
    return info.type != bpf_map__type(map) || info.key_size != bpf_map__key_size(map) ||
           info.value_size != bpf_map__value_size(map);
}

std::optional<DetectorOptions> read_options(int config_fd, bpf_object *object) {
    if (config_fd < 0) return std::nullopt;
    std::vector<std::byte> rodata(map_info(config_fd).value_size);
    const __u32 zero = 0;
    if (bpf_map_lookup_elem(config_fd, &zero, rodata.data()) != 0)
        throw std::system_error(errno, std::generic_category(), "read pinned configuration");
    return configured_options(object, rodata);
}

void pin_map(const PinDirectory &directory, int fd, const char *name) {
    const FileDescriptor pinned = directory.get(name);
    if (pinned.get() < 0 || map_id(pinned.get()) != map_id(fd)) directory.pin(fd, name);
}

} // namespace

std::optional<PinnedDetector> PinnedDetector::open(const PinDirectory &directory) {
    PinnedDetector detector;
    for (const auto &[name, member] : detector_map_names()) {
        FileDescriptor fd = directory.get(name);
        detector.maps_.*member = fd.get();
        detector.owned_.push_back(std::move(fd));
    }
    if (detector.maps_.ip_reg < 0 && detector.maps_.ip6_reg < 0) return std::nullopt;
    detector.config_ = directory.get(pin_of_config);
    detector.program_ = directory.get(pin_of_program);
    detector.expire_ = directory.get(pin_of_expire);
    const ObjectPointer object = open_embedded_object();
    detector.options_ = read_options(detector.config_.get(), object.get());
    for (const auto &[name, member] : detector_map_names()) {
        const int fd = detector.maps_.*member;
        if (fd >= 0 && is_of_another_kind(fd, bpf_object__find_map_by_name(object.get(), name)))
            detector.foreign_maps_.emplace_back(name);
    }
    return detector;
}

bool PinnedDetector::is_foreign(std::string_view map_name) const {
    return std::find(foreign_maps_.begin(), foreign_maps_.end(), map_name) != foreign_maps_.end();
}

bool PinnedDetector::is_damaged() const {
    const auto names = detector_map_names();
    const bool all_maps = std::all_of(names.begin(), names.end(),
                                      [this](const auto &name) { return maps_.*name.fd >= 0; });
    return !all_maps || !foreign_maps_.empty() || !options_ || program_.get() < 0 ||
           expire_.get() < 0;
}

void pin_detector(const PinDirectory &directory, const Detector &detector) {
    for (const auto &[name, member] : detector_map_names())
        pin_map(directory, detector.maps().*member, name);
    directory.pin(detector.expire_program(), pin_of_expire);
    directory.pin(detector.program(), pin_of_program);
    directory.pin(detector.config_map(), pin_of_config);
}

void unpin_detector(const PinDirectory &directory) {
    for (const char *name : {pin_of_config, pin_of_program, pin_of_expire}) directory.unpin(name);
    for (const auto &[name, member] : detector_map_names()) directory.unpin(name);
}

MapShape shape_of(int map_fd) {
    const auto info = map_info(map_fd);
    return {.type = info.type,
            .key_size = info.key_size,
            .value_size = info.value_size,
            .max_entries = info.max_entries,
            .flags = info.map_flags};
}

std::uint32_t map_id(int map_fd) {
    return map_info(map_fd).id;
}

std::uint32_t program_id(int program_fd) {
    return inspect<bpf_prog_info>(program_fd, "inspect program").id;
}

} // namespace portscan
