// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/events.h"

#include "bpf/portscan.h"

#include <algorithm>
#include <bpf/libbpf.h>
#include <cerrno>
#include <iterator>
#include <system_error>
#include <utility>

namespace portscan {
namespace {

BlockEvent decode(const portscan_event &event) {
    const bool ipv6 = event.family == PORTSCAN_IPV6;
    const Address address = ipv6 ? Address::ipv6(event.address) : Address::ipv4(event.address);
    return {
        .source = {address, event.prefix_length},
        .time_ns = event.time,
        .ports = {std::begin(event.ports),
                  std::begin(event.ports) + std::min<std::size_t>(event.count, PORTSCAN_MAX_PORTS)},
        .trigger_port = event.trigger_port,
        .ifindex = event.ifindex,
        .dry_run = event.dry_run != 0};
}

int append(void *events, void *data, std::size_t size) {
    if (size >= sizeof(portscan_event))
        static_cast<std::vector<BlockEvent> *>(events)->push_back(
            decode(*static_cast<const portscan_event *>(data)));
    return 0;
}

} // namespace

struct EventReader::State {
    std::vector<BlockEvent> events;
    ring_buffer *ring = nullptr;

    State() = default;
    State(const State &) = delete;
    State &operator=(const State &) = delete;
    ~State() { ring_buffer__free(ring); }
};

EventReader::EventReader(int map_fd) : state_{std::make_unique<State>()} {
    state_->ring = ring_buffer__new(map_fd, append, &state_->events, nullptr);
    if (state_->ring == nullptr)
        throw std::system_error(errno, std::generic_category(), "open pscan_events");
}

EventReader::EventReader(EventReader &&) noexcept = default;
EventReader &EventReader::operator=(EventReader &&) noexcept = default;
EventReader::~EventReader() = default;

std::vector<BlockEvent> EventReader::take() {
    if (const int error = ring_buffer__consume(state_->ring); error < 0)
        throw std::system_error(-error, std::generic_category(), "read pscan_events");
    return std::exchange(state_->events, {});
}

int EventReader::poll_fd() const {
    return ring_buffer__epoll_fd(state_->ring);
}

} // namespace portscan
