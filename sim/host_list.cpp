// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/host_list.h"

#include "loader/options.h"

#include <algorithm>
#include <fmt/format.h>

namespace portscan {

HostList HostList::parse(std::string_view text) {
    HostList list;
    for (bool more = true; more;) {
        const std::size_t comma = text.find(',');
        const std::string_view word = text.substr(0, comma);
        more = comma != std::string_view::npos;
        text.remove_prefix(more ? comma + 1 : text.size());
        const auto prefix = Prefix::parse(word);
        if (!prefix)
            throw OptionError(fmt::format(
                "host: '{}' is no address or prefix: name hosts such as 10.0.0.9,2001:db8::/64",
                word));
        list.prefixes_.insert(*prefix);
        auto &lengths = list.lengths_[prefix->address.is_ipv6()];
        if (std::find(lengths.begin(), lengths.end(), prefix->length) == lengths.end())
            lengths.push_back(prefix->length);
    }
    return list;
}

bool HostList::contains(const Address &address) const {
    const auto &lengths = lengths_[address.is_ipv6()];
    return std::any_of(lengths.begin(), lengths.end(), [&](unsigned length) {
        return prefixes_.contains(Prefix{address.masked(length), length});
    });
}

} // namespace portscan
