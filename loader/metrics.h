// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/counters.h"
#include "loader/http_server.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace portscan {

/// Fill of one family's registry.
struct FamilyFill {
    std::uint64_t sources = 0;     ///< records, at most one --expire-interval old
    std::uint64_t sources_max = 0; ///< --max-sources
    std::uint64_t blocked = 0;     ///< blocks in the registry
    std::uint64_t blocked_max = 0; ///< --max-blocked
};

/// Where the program is attached.
struct AttachedInterface {
    std::string interface;
    std::string_view mode; ///< `native` or `skb`
};

/// Everything that is exported, at one moment.
struct MetricsSnapshot {
    Counters counters;
    FamilyFill ipv4{};
    FamilyFill ipv6{};
    std::uint64_t allow_entries = 0;
    std::vector<AttachedInterface> attached{};
    bool dry_run = false;
    std::string version{};       ///< of the loader
    std::string object_sha256{}; ///< of the program in force
};

/// `/metrics` in the text format of Prometheus, version 0.0.4, names by its conventions. Each
/// packet counts once in xdp_portscan_packets_total: its verdict is what the packet met with under
/// the options in force (pass for all but faults in a dry run). Labels never hold addresses.
std::string metrics_text(const MetricsSnapshot &snapshot);

/// `/probe?module=default`: the names of this detector's ancestor, for dashboards that read them.
std::string probe_text(const MetricsSnapshot &snapshot);

/// `/metrics`, `/probe` (module `default`, which also stands for none; any other: 400), a page that
/// names both at `/`; else 404.
HttpResponse metrics_response(const HttpRequest &request,
                              const std::function<MetricsSnapshot()> &take_snapshot);

} // namespace portscan
