// SPDX-License-Identifier: GPL-2.0-or-later
// Single values as command lines, packet rows and files hold them. The first byte chooses which.
#include "loader/block_log.h"
#include "loader/http_endpoint.h"
#include "loader/nearest_word.h"
#include "loader/service_options.h"
#include "loader/verdict.h"
#include "sim/endpoint.h"
#include "sim/tcp_flags.h"
#include "sim/text_values.h"
#include "sim/traffic.h"
#include "tests/fuzz/fuzz.h"

#include <array>

namespace {

using namespace portscan;

using Check = void (*)(std::string_view);

template <typename Value>
void check_round_trip(std::string_view text) {
    if (const auto value = Value::parse(text))
        fuzz::require(Value::parse(value->to_string()) == value, "reads as it is written");
}

void check_duration(std::string_view text) {
    const auto duration = parse_duration(text);
    if (!duration) return;
    fuzz::require(duration->count() >= 0, "no duration is negative");
    fuzz::require(parse_duration(format_duration(*duration)) == duration, "reads as it is written");
}

void check_prefix(std::string_view text) {
    check_round_trip<Prefix>(text);
    const auto prefix = Prefix::parse(text);
    if (!prefix) return;
    fuzz::require(prefix->contains(*prefix) && prefix->contains(prefix->address),
                  "a prefix contains itself");
    fuzz::require(prefix->address.masked(prefix->length) == prefix->address,
                  "no host bits are left");
}

void check_lists(std::string_view text) {
    if (const auto ports = parse_ports(text))
        for (const PortRange &range : *ports)
            fuzz::require(range.first <= range.last, "a range has its order");
    if (const auto tags = parse_vlans(text))
        for (const std::uint16_t tag : *tags) fuzz::require(tag <= 4095, "a tag has 12 bits");
    parse_prefixes(text);
}

void check_flags(std::string_view text) {
    if (const auto flags = parse_tcp_flags(text))
        fuzz::require(parse_tcp_flags(format_tcp_flags(*flags)) == flags, "reads as it is written");
}

void check_words(std::string_view text) {
    parse_log_format(text);
    parse_verdict(text);
    parse_reason(text);
    if (text.size() <= 100) nearest_word(text, {"max-ports", "window", "block-for"});
}

/// Every option's own reader: each takes the text, or says in one line why not.
template <typename Target, typename Specs>
void check_specs(const Specs &specs, std::string_view text) {
    for (const auto &spec : specs) {
        if (spec.name == "allow-file") continue; // reads a file
        Target target;
        try {
            spec.set(target, text);
        } catch (const OptionError &error) {
            fuzz::require_message(error.what());
        }
    }
}

void check_options(std::string_view text) {
    check_specs<DetectorOptions>(option_specs(), text);
    check_specs<ServiceOptions>(service_option_specs(), text);
    check_specs<TrafficSpec>(traffic_keys(), text);
}

constexpr std::array<Check, 9> checks{check_duration,
                                      check_round_trip<Address>,
                                      check_prefix,
                                      check_lists,
                                      check_round_trip<Endpoint>,
                                      check_round_trip<HttpEndpoint>,
                                      check_flags,
                                      check_options,
                                      check_words};

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    if (size == 0) return 0;
    checks.at(data[0] % checks.size())(fuzz::text_of(data + 1, size - 1));
    return 0;
}
