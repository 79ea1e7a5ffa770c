// SPDX-License-Identifier: GPL-2.0-or-later
// Attacks on the detector (docs/attacks.md): TAP on standard output, the last line is JSON.
#include "sim/exit_status.h"
#include "tests/attacks/attack.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

namespace portscan::attacks {

const std::vector<Attack> &all_attacks() {
    static const std::vector<Attack> attacks{
        {"one-source", "a source on two CPUs gets max-ports ports and one block",
         one_source_on_two_cpus},
        {"counting", "every packet counts once, on whichever CPU", every_packet_counts},
        {"flood", "blocks stay and scanners are caught while random sources flood the registry",
         flood_of_sources},
        {"bound", "no more blocks than max-blocked, and room for everybody else", bound_on_blocks},
        {"forgery", "forged probes do no harm beyond what the options permit", forged_sources},
        {"rotation", "an IPv6 prefix is one source, many prefixes displace no block",
         rotation_in_ipv6},
        {"expiry", "passes take out nothing that is in force, while packets arrive", expiry_races},
        {"queue", "who records a port while being displaced is not forgotten", queue_races},
    };
    return attacks;
}

namespace {

constexpr auto usage = "usage: under-attack [--full] [--object FILE] [--only NAME] | --list";

struct Arguments {
    AttackSettings settings;
    std::optional<std::string> only;
    bool list = false;
};

Arguments parse(const std::vector<std::string> &words) {
    Arguments arguments;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const bool takes_value = words[i] == "--object" || words[i] == "--only";
        if (takes_value && i + 1 == words.size()) throw std::invalid_argument{usage};
        if (words[i] == "--full")
            arguments.settings.full = true;
        else if (words[i] == "--list")
            arguments.list = true;
        else if (words[i] == "--object")
            arguments.settings.object_path = words[++i];
        else if (words[i] == "--only")
            arguments.only = words[++i];
        else
            throw std::invalid_argument{usage};
    }
    return arguments;
}

std::vector<Attack> choose(const std::optional<std::string> &name) {
    std::vector<Attack> chosen;
    for (const Attack &attack : all_attacks())
        if (!name || attack.name == *name) chosen.push_back(attack);
    if (chosen.empty())
        throw std::invalid_argument{fmt::format("no attack '{}': see --list", *name)};
    return chosen;
}

/// 1234567 as `1,234,567`.
std::string grouped(std::uint64_t number) {
    if (number < 1'000) return std::to_string(number);
    return fmt::format("{},{:03}", grouped(number / 1'000), number % 1'000);
}

std::string figures_of(const Findings &findings) {
    std::string text;
    for (const auto &[name, value] : findings.figures())
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", grouped(value), name);
    return text;
}

void report(std::size_t number, const Attack &attack, const Findings &findings, double seconds) {
    const auto &broken = findings.broken();
    fmt::print("{} {} - {}: {} ({}; {:.1f} s)\n", broken.empty() ? "ok" : "not ok", number,
               attack.name, attack.promise, figures_of(findings), seconds);
    constexpr std::size_t shown = 10;
    for (std::size_t i = 0; i < std::min(broken.size(), shown); ++i)
        fmt::print("# {}\n", broken[i]);
    if (broken.size() > shown) fmt::print("# and {} more\n", broken.size() - shown);
    std::fflush(stdout);
}

int run(const Arguments &arguments) {
    const auto chosen = choose(arguments.only);
    if (arguments.list) {
        for (const Attack &attack : chosen) fmt::print("{}\t{}\n", attack.name, attack.promise);
        return exit_done;
    }
    fmt::print("TAP version 14\n1..{}\n", chosen.size());
    nlohmann::ordered_json results = nlohmann::ordered_json::array();
    std::size_t survived = 0;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        Findings findings;
        const auto start = std::chrono::steady_clock::now();
        chosen[i].run(arguments.settings, findings);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        report(i + 1, chosen[i], findings, took.count());
        survived += findings.broken().empty();
        nlohmann::ordered_json figures = nlohmann::ordered_json::object();
        for (const auto &[name, value] : findings.figures()) figures[name] = value;
        results.push_back({{"attack", chosen[i].name},
                           {"promise", chosen[i].promise},
                           {"survived", findings.broken().empty()},
                           {"seconds", took.count()},
                           {"figures", figures}});
    }
    const nlohmann::ordered_json summary{{"attacks", chosen.size()},
                                         {"survived", survived},
                                         {"form", arguments.settings.full ? "full" : "brief"},
                                         {"results", results}};
    fmt::print("{}\n", summary.dump());
    return survived == chosen.size() ? exit_done : exit_failed;
}

} // namespace
} // namespace portscan::attacks

int main(int argc, char **argv) {
    using namespace portscan;
    try {
        return attacks::run(attacks::parse({argv + 1, argv + argc}));
    } catch (const std::invalid_argument &error) {
        fmt::print(stderr, "under-attack: {}\n", error.what());
        return exit_unreadable;
    } catch (const std::exception &error) {
        fmt::print(stderr, "under-attack: {}\n", error.what());
        return exit_environment;
    }
}
