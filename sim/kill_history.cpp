// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/kill_history.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace portscan {
namespace {

/// The counts of one key by case; nothing counted where it is not there.
template <typename Map>
std::vector<unsigned> counts_of(const Map &map, const typename Map::key_type &key,
                                std::size_t cases) {
    std::vector<unsigned> counts(cases);
    const auto found = map.find(key);
    if (found == map.end()) return counts;
    for (const auto &[index, count] : found->second) counts.at(index) = count;
    return counts;
}

} // namespace

void KillHistory::killed(const Mutant &mutant, std::size_t case_index) {
    ++total_.at(case_index);
    ++by_line_[{mutant.line.file, mutant.line.line}][case_index];
    ++by_function_[mutant.function][case_index];
}

std::vector<std::size_t> KillHistory::order(const Mutant &mutant) const {
    const auto line = counts_of(by_line_, {mutant.line.file, mutant.line.line}, total_.size());
    const auto function = counts_of(by_function_, mutant.function, total_.size());
    std::vector<std::size_t> cases(total_.size());
    std::iota(cases.begin(), cases.end(), std::size_t{0});
    const auto merit = [&](std::size_t index) {
        return std::tuple{line[index], function[index], total_[index], -cost_[index]};
    };
    std::stable_sort(cases.begin(), cases.end(),
                     [&](std::size_t a, std::size_t b) { return merit(a) > merit(b); });
    return cases;
}

} // namespace portscan
