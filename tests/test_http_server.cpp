// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/http_server.h"
#include "loader/http_text.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <vector>

namespace portscan {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char *whole_request = "GET /x?a=1 HTTP/1.1\r\nHost: h\r\n\r\n";

/// A client that never waits: the server is served in between, in the same thread.
class Client {
  public:
    explicit Client(const HttpServer &server) :
        socket_{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(server.endpoint().port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (connect(socket_.get(), reinterpret_cast<const sockaddr *>(&address), sizeof(address)))
            throw std::system_error(errno, std::generic_category(), "connect");
    }

    bool say(std::string_view text) const {
        return send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT) ==
               static_cast<ssize_t>(text.size());
    }

    /// What has come so far.
    std::string hear() {
        std::array<char, 65536> bytes{};
        ssize_t size = 0;
        while ((size = recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT)) > 0)
            heard_.append(bytes.data(), static_cast<std::size_t>(size));
        closed_ = size == 0 || errno == ECONNRESET;
        return heard_;
    }

    /// Has the server ended the connection? After hear().
    bool closed() const { return closed_; }
    void finish() const { shutdown(socket_.get(), SHUT_WR); }
    int descriptor() const { return socket_.get(); }

  private:
    FileDescriptor socket_;
    std::string heard_;
    bool closed_ = false;
};

HttpResponse echo(const HttpRequest &request) {
    if (request.path == "/throw") throw std::runtime_error{"broken"};
    HttpResponse response{.body = request.path + "|" + request.query};
    if (request.path == "/large") response.body.assign(20'000'000, 'x');
    return response;
}

/// Serves until nothing is left to do for `quiet`.
void serve(HttpServer &server, std::chrono::milliseconds quiet = 30ms) {
    pollfd waiting{.fd = server.poll_fd(), .events = POLLIN, .revents = 0};
    while (poll(&waiting, 1, static_cast<int>(quiet.count())) > 0) server.serve();
}

const HttpEndpoint loopback = *HttpEndpoint::parse("127.0.0.1:0");

std::string ask(HttpServer &server, std::string_view request) {
    Client client{server};
    client.say(request);
    serve(server);
    return client.hear();
}

TEST(HttpServer, AnswersGetAndHead) {
    HttpServer server{loopback, echo};
    EXPECT_EQ(ask(server, whole_request),
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 6\r\n"
              "Connection: close\r\n\r\n/x|a=1");
    EXPECT_THAT(ask(server, "HEAD /x HTTP/1.0\r\n\r\n"),
                AllOf(HasSubstr("Content-Length: 3\r\n"), EndsWith("\r\n\r\n")));
}

TEST(HttpServer, RefusesWhatItDoesNotKnow) {
    HttpServer server{loopback, echo};
    EXPECT_THAT(ask(server, "POST /x HTTP/1.1\r\n\r\nbody"),
                AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: GET, HEAD\r\n")));
    EXPECT_THAT(ask(server, "\x16\x03\x01 hello\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(ask(server, "GET x HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(ask(server, "GET /x\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(ask(server, "GET /throw HTTP/1.1\r\n\r\n"),
                AllOf(StartsWith("HTTP/1.1 500 "), EndsWith("broken\n")));
    EXPECT_THAT(ask(server, "GET /" + std::string(9000, 'x') + " HTTP/1.1\r\n\r\n"),
                StartsWith("HTTP/1.1 431 "));
}

TEST(HttpServer, TakesARequestInPieces) {
    HttpServer server{loopback, echo};
    Client client{server};
    for (const char *piece = whole_request; *piece != '\0'; ++piece) {
        client.say({piece, 1});
        serve(server, 0ms);
    }
    serve(server);
    EXPECT_THAT(client.hear(), EndsWith("/x|a=1"));
}

TEST(HttpServer, ClientThatStopsSendingStillGetsItsAnswer) {
    HttpServer server{loopback, echo};
    Client client{server};
    client.say(whole_request);
    client.finish();
    serve(server);
    EXPECT_THAT(client.hear(), EndsWith("/x|a=1"));
    EXPECT_TRUE(client.closed());
}

TEST(HttpServer, SlowClientsHoldUpNobody) {
    HttpServer server{loopback, echo, {.connections = 8}};
    std::vector<Client> slow;
    for (int i = 0; i < 50; ++i) {
        slow.emplace_back(server).say("GET /x HTTP/1.1\r\nX-Slow: ");
        serve(server, 0ms);
    }
    EXPECT_THAT(ask(server, whole_request), EndsWith("/x|a=1"));
}

TEST(HttpServer, OldestConnectionMakesRoom) {
    HttpServer server{loopback, echo, {.connections = 2}};
    Client first{server};
    Client second{server};
    serve(server);
    Client third{server};
    serve(server);
    first.hear();
    second.hear();
    EXPECT_TRUE(first.closed());
    EXPECT_FALSE(second.closed());
}

TEST(HttpServer, SilentAndTricklingClientsAreCutOffInTime) {
    HttpServer server{loopback, echo, {.time = 150ms}};
    Client silent{server};
    Client trickling{server};
    const auto start = std::chrono::steady_clock::now();
    while (!trickling.closed() && std::chrono::steady_clock::now() < start + 5s) {
        trickling.say("x");
        serve(server, 10ms);
        trickling.hear();
    }
    const auto took = std::chrono::steady_clock::now() - start;
    EXPECT_GE(took, 140ms);
    EXPECT_LT(took, 2s);
    serve(server, 50ms);
    silent.hear();
    EXPECT_TRUE(silent.closed());
}

TEST(HttpServer, ClientThatDoesNotReadIsCutOffInTime) {
    HttpServer server{loopback, echo, {.time = 150ms}};
    Client lazy{server};
    lazy.say("GET /large HTTP/1.1\r\n\r\n");
    serve(server);
    EXPECT_THAT(ask(server, whole_request), EndsWith("/x|a=1"));
    serve(server, 200ms);
    lazy.hear();
    EXPECT_TRUE(lazy.closed());
}

TEST(HttpServer, LargeAnswerArrivesWhole) {
    HttpServer server{loopback, echo};
    Client client{server};
    client.say("GET /large HTTP/1.1\r\n\r\n");
    const auto start = std::chrono::steady_clock::now();
    while (!client.closed() && std::chrono::steady_clock::now() < start + 5s) {
        serve(server, 0ms);
        client.hear();
    }
    const std::string answer = client.hear();
    EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, 20'000'000U);
}

TEST(HttpServer, ClientThatSendsWithoutEndIsCutOff) {
    HttpServer server{loopback, echo, {.time = 10s}};
    Client endless{server};
    endless.say(whole_request);
    const std::string chunk(16384, 'x');
    for (int i = 0; i < 20 && !endless.closed(); ++i) {
        endless.say(chunk);
        serve(server, 0ms);
        endless.hear();
    }
    EXPECT_TRUE(endless.closed());
    EXPECT_THAT(endless.hear(), HasSubstr("/x|a=1"));
}

TEST(HttpServer, RestsWhileNobodyAsks) {
    HttpServer server{loopback, echo, {.time = 100ms}};
    ask(server, whole_request);
    serve(server, 150ms); // the last deadline has passed
    pollfd waiting{.fd = server.poll_fd(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(poll(&waiting, 1, 200), 0);
}

TEST(HttpServer, PortInUseIsOneLineWithAdvice) {
    const HttpServer first{loopback, echo};
    try {
        const HttpServer second{first.endpoint(), echo};
        FAIL() << "two servers at one port";
    } catch (const std::runtime_error &error) {
        EXPECT_EQ(std::string{error.what()},
                  "cannot serve metrics at " + first.endpoint().to_string() +
                      ": Address already in use; another process has that port, give another "
                      "with --listen");
    }
}

TEST(HttpServer, ListensOnIpv6) {
    const HttpServer server{*HttpEndpoint::parse("[::1]:0"), echo};
    EXPECT_NE(server.endpoint().port, 0);
}

TEST(HttpServer, WithoutDescriptorsItWaitsAndComesBack) {
    HttpServer server{loopback, echo};
    Client client{server};
    client.say(whole_request);
    rlimit normal{};
    getrlimit(RLIMIT_NOFILE, &normal);
    const rlimit none{.rlim_cur = 3, .rlim_max = normal.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    for (int i = 0; i < 3; ++i) server.serve();
    setrlimit(RLIMIT_NOFILE, &normal);
    pollfd waiting{.fd = server.poll_fd(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(poll(&waiting, 1, 0), 0) << "busy without any progress";
    serve(server, 1500ms);
    EXPECT_THAT(client.hear(), EndsWith("/x|a=1"));
}

TEST(QueryParameter, DecodesAndFindsTheFirst) {
    EXPECT_EQ(query_parameter("module=default", "module"), "default");
    EXPECT_EQ(query_parameter("a=1&module=x%20y+z&module=2", "module"), "x y z");
    EXPECT_EQ(query_parameter("module", "module"), "");
    EXPECT_EQ(query_parameter("module=%zz%4", "module"), "%zz%4");
    EXPECT_EQ(query_parameter("xmodule=1", "module"), std::nullopt);
    EXPECT_EQ(query_parameter("", "module"), std::nullopt);
}

} // namespace
} // namespace portscan
