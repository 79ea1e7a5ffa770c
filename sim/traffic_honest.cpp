// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/conversation.h"
#include "sim/traffic_kind.h"

#include <array>

namespace portscan {
namespace {

using namespace std::chrono_literals;

constexpr std::uint16_t ftp_data_port = 20;
constexpr unsigned transfers_of_a_session = 5;

/// Anybody's request to one of the servers' services.
void browse(const TrafficPlan &plan, std::uint64_t number, SessionScript &script) {
    Random random = plan.random(number);
    const Endpoint client{plan.sources.at(random.below(plan.sources.size())),
                          random.ephemeral_port()};
    const Endpoint server{plan.targets.at(random.below(plan.targets.size())),
                          plan.ports[random.below(plan.ports.size())]};
    Conversation connection{script, client, server, random};
    connection.open();
    for (std::uint64_t requests = random.between(1, 4); requests > 0; --requests)
        connection.client_sends(random.between(200, 900))
            .wait(std::chrono::microseconds{random.between(500, 50'000)})
            .server_sends(random.between(300, 20'000));
    connection.close();
}

/// Each source looks after each service of each target in turn, for ever.
void check_health(const TrafficPlan &plan, std::uint64_t number, SessionScript &script) {
    Random random = plan.random(number);
    std::uint64_t turn = number;
    const auto next_of = [&turn](std::uint64_t size) {
        const std::uint64_t index = turn % size;
        turn /= size;
        return index;
    };
    const Endpoint checker{plan.sources.at(next_of(plan.sources.size())), random.ephemeral_port()};
    const Address target = plan.targets.at(next_of(plan.targets.size()));
    const Endpoint service{target, plan.ports[next_of(plan.ports.size())]};
    Conversation{script, checker, service, random}
        .open()
        .client_sends(80)
        .server_sends(160)
        .close();
}

/// A control connection with some downloads, each over a data connection of its own, which the
/// server opens (active) or the client (passive).
void transfer_files(const TrafficPlan &plan, std::uint64_t number, SessionScript &script,
                    bool active) {
    Random random = plan.random(number);
    const Address client = plan.sources.at(number % plan.sources.size());
    const Address server = plan.targets.at(random.below(plan.targets.size()));
    const std::uint16_t control_port = plan.ports[random.below(plan.ports.size())];
    Conversation control{script, {client, random.ephemeral_port()}, {server, control_port}, random};
    control.open().server_sends(40).client_sends(16).server_sends(60);
    for (unsigned transfer = 0; transfer < transfers_of_a_session; ++transfer) {
        control.client_sends(28).server_sends(48); // PORT or PASV
        const Endpoint at_client{client, random.ephemeral_port()};
        const Endpoint at_server{server,
                                 active ? ftp_data_port
                                        : static_cast<std::uint16_t>(random.between(50000, 51000))};
        const std::size_t size = random.between(1'000, 30'000);
        Conversation data{script, active ? at_server : at_client, active ? at_client : at_server,
                          random, control.time() + 1ms};
        data.open();
        (active ? data.client_sends(size) : data.server_sends(size)).close();
        control.wait(data.time() - control.time() + 1ms).server_sends(24); // 226: done
        control.wait(std::chrono::milliseconds{random.between(100, 2'000)});
    }
    control.close();
}

void transfer_files_active(const TrafficPlan &plan, std::uint64_t number, SessionScript &script) {
    transfer_files(plan, number, script, true);
}

void transfer_files_passive(const TrafficPlan &plan, std::uint64_t number, SessionScript &script) {
    transfer_files(plan, number, script, false);
}

constexpr std::string_view client4 = "10.0.0.1", client6 = "2001:db8::1";
constexpr std::string_view server4 = "10.0.0.9", server6 = "2001:db8:0:9::9";

constexpr TrafficKind::Defaults client_and_server(std::string_view ports, double rate,
                                                  std::uint64_t count) {
    return {client4, client6, server4, server6, ports, rate, count};
}

constexpr std::array kinds{
    TrafficKind{"browsing",
                "web browsing: many connections to the same few ports",
                {client4, client6, "10.0.9.0/28", "2001:db8:0:9::/124", "80,443", 10, 200},
                browse},
    TrafficKind{"ftp-active", "FTP: the server opens a data connection to a new port of the client",
                client_and_server("21", 0.1, 1), transfer_files_active},
    TrafficKind{"ftp-passive",
                "FTP: the client opens a data connection to a new port of the server",
                client_and_server("21", 0.1, 1), transfer_files_passive},
    TrafficKind{"nat", "many clients behind one address, each with its own use of the services",
                client_and_server("80,443,993", 50, 1'000), browse},
    TrafficKind{"health-checks", "a load balancer that connects to the services every few seconds",
                client_and_server("80,443", 0.2, 100), check_health},
};

} // namespace

std::span<const TrafficKind> honest_kinds() {
    return kinds;
}

} // namespace portscan
