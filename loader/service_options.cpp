// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/service_options.h"

#include "loader/http_endpoint.h"
#include "loader/options.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <net/if.h>

namespace portscan {
namespace {

/// What the kernel takes as a name (dev_valid_name), short of its length.
bool is_interface_name(std::string_view name) {
    if (name.empty() || name.size() >= IF_NAMESIZE || name == "." || name == "..") return false;
    return name.find_first_of("/: \t\n\v\f\r") == std::string_view::npos;
}

void set_interfaces(ServiceOptions &options, std::string_view text) {
    std::vector<std::string> names;
    for (std::size_t begin = 0; begin <= text.size() && !text.empty();) {
        const std::size_t comma = std::min(text.find(',', begin), text.size());
        const std::string_view name = text.substr(begin, comma - begin);
        if (!is_interface_name(name)) {
            throw OptionError(fmt::format("interfaces: '{}' is not the name of an interface (at "
                                          "most {} characters) nor {}",
                                          name, IF_NAMESIZE - 1, default_route_word));
        }
        names.emplace_back(name);
        begin = comma + 1;
    }
    options.interfaces = std::move(names);
}

void set_mode(ServiceOptions &options, std::string_view text) {
    for (const auto mode : {AttachMode::automatic, AttachMode::native, AttachMode::skb}) {
        if (to_string(mode) == text) {
            options.mode = mode;
            return;
        }
    }
    throw OptionError(fmt::format("mode: '{}' is not one of auto, native, skb", text));
}

void set_listen(ServiceOptions &options, std::string_view text) {
    if (text != "off" && !HttpEndpoint::parse(text)) {
        throw OptionError(fmt::format("listen: '{}' is neither an address with its port "
                                      "(127.0.0.1:7979, [::1]:7979) nor off",
                                      text));
    }
    options.listen = text;
}

void set_pin_dir(ServiceOptions &options, std::string_view text) {
    if (!text.starts_with('/')) {
        throw OptionError(fmt::format("pin-dir: '{}' is not an absolute path", text));
    }
    options.pin_dir = text;
}

void set_log_format(ServiceOptions &options, std::string_view text) {
    const auto format = parse_log_format(text);
    if (!format) throw OptionError(fmt::format("log-format: '{}' is not one of text, json", text));
    options.log_format = *format;
}

bool parse_switch(std::string_view name, std::string_view text) {
    if (text != "true" && text != "false") {
        throw OptionError(fmt::format("{}: '{}' is not one of true, false", name, text));
    }
    return text == "true";
}

using Options = ServiceOptions;
using Text = std::string_view;

} // namespace

std::string_view to_string(AttachMode mode) {
    switch (mode) {
    case AttachMode::automatic:
        return "auto";
    case AttachMode::native:
        return "native";
    case AttachMode::skb:
        return "skb";
    }
    return "auto";
}

const std::vector<ServiceOptionSpec> &service_option_specs() {
    static const std::vector<ServiceOptionSpec> specs{
        {"interfaces", "IFACE,...", "interfaces to attach to, or default-route", set_interfaces,
         [](const Options &o) { return fmt::format("{}", fmt::join(o.interfaces, ",")); }},
        {"mode", "auto|native|skb", "how to attach; auto is native where the driver can, else skb",
         set_mode, [](const Options &o) { return std::string{to_string(o.mode)}; }},
        {"listen", "ADDRESS:PORT", "where metrics are served; off: nowhere", set_listen,
         [](const Options &o) { return o.listen; }},
        {"pin-dir", "DIR", "folder of a BPF file system that holds the state", set_pin_dir,
         [](const Options &o) { return o.pin_dir; }},
        {"log-format", "text|json", "form of the lines on standard error", set_log_format,
         [](const Options &o) { return std::string{to_string(o.log_format)}; }},
        {"no-auto-allow", "", "do not allow SSH peers, gateways and resolvers by itself",
         [](Options &o, Text v) { o.no_auto_allow = parse_switch("no-auto-allow", v); },
         [](const Options &o) { return std::string{o.no_auto_allow ? "true" : "false"}; }},
        {"keep", "", "stay attached when the process ends",
         [](Options &o, Text v) { o.keep = parse_switch("keep", v); },
         [](const Options &o) { return std::string{o.keep ? "true" : "false"}; }},
    };
    return specs;
}

const ServiceOptionSpec *find_service_option(std::string_view name) {
    const auto &specs = service_option_specs();
    const auto found = std::find_if(specs.begin(), specs.end(),
                                    [&](const auto &spec) { return spec.name == name; });
    return found == specs.end() ? nullptr : &*found;
}

} // namespace portscan
