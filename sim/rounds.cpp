// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/rounds.h"

#include <algorithm>
#include <cmath>

namespace portscan {
namespace {

double median_of(std::vector<double> values) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

} // namespace

double Rounds::median() const {
    return median_of(values_);
}

double Rounds::spread() const {
    if (values_.empty()) return 0;
    const auto [least, most] = std::minmax_element(values_.begin(), values_.end());
    return *most - *least;
}

double Rounds::noise() const {
    const double middle = median();
    std::vector<double> distances;
    for (const double value : values_) distances.push_back(std::abs(value - middle));
    return median_of(std::move(distances));
}

} // namespace portscan
