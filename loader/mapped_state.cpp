// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/mapped_state.h"

#include <cerrno>
#include <sys/mman.h>
#include <system_error>
#include <utility>

namespace portscan {

MappedState::MappedState(int map_fd) {
    void *memory =
        mmap(nullptr, sizeof(portscan_state), PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
    if (memory == MAP_FAILED)
        throw std::system_error(errno, std::generic_category(), "map pscan_state into memory");
    state_ = static_cast<portscan_state *>(memory);
}

MappedState::MappedState(MappedState &&other) noexcept :
    state_{std::exchange(other.state_, nullptr)} {}

MappedState &MappedState::operator=(MappedState &&other) noexcept {
    std::swap(state_, other.state_);
    return *this;
}

MappedState::~MappedState() {
    if (state_ != nullptr) munmap(state_, sizeof(portscan_state));
}

unsigned MappedState::blocked(portscan_family family) const {
    return __atomic_load_n(&state_->family[family].blocked, __ATOMIC_SEQ_CST);
}

bool MappedState::take_block(portscan_family family, unsigned bound) {
    unsigned current = blocked(family);
    while (current < bound)
        if (__atomic_compare_exchange_n(&state_->family[family].blocked, &current, current + 1,
                                        false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            return true;
    return false;
}

void MappedState::give_blocks(portscan_family family, unsigned count) {
    __atomic_fetch_sub(&state_->family[family].blocked, count, __ATOMIC_SEQ_CST);
}

void MappedState::add_blocks(portscan_family family, unsigned count) {
    __atomic_fetch_add(&state_->family[family].blocked, count, __ATOMIC_SEQ_CST);
}

void MappedState::begin_hand_change(portscan_family family) {
    __atomic_fetch_add(&state_->family[family].hand_begun, 1U, __ATOMIC_SEQ_CST);
}

void MappedState::end_hand_change(portscan_family family) {
    __atomic_fetch_add(&state_->family[family].hand_ended, 1U, __ATOMIC_SEQ_CST);
}

unsigned MappedState::hand_changes_begun(portscan_family family) const {
    return __atomic_load_n(&state_->family[family].hand_begun, __ATOMIC_SEQ_CST);
}

unsigned MappedState::hand_changes_ended(portscan_family family) const {
    return __atomic_load_n(&state_->family[family].hand_ended, __ATOMIC_SEQ_CST);
}

std::uint64_t MappedState::take_places(portscan_family family, std::uint64_t count) {
    return __atomic_fetch_add(&state_->family[family].queue_head, count, __ATOMIC_SEQ_CST);
}

void MappedState::set_allow6_inside(unsigned entries) {
    __atomic_store_n(&state_->allow6_inside, entries, __ATOMIC_SEQ_CST);
}

void MappedState::note_allow_changed() {
    __atomic_store_n(&state_->allow_changed, 1U, __ATOMIC_SEQ_CST);
}

bool MappedState::take_allow_changed() {
    return __atomic_exchange_n(&state_->allow_changed, 0U, __ATOMIC_SEQ_CST) != 0;
}

} // namespace portscan
