// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/file_descriptor.h"
#include "loader/http_endpoint.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>

namespace portscan {

struct HttpRequest {
    std::string path;  ///< `/probe`, as sent
    std::string query; ///< what follows `?`, as sent
};

struct HttpResponse {
    int status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    std::string body;
};

/// The value of a parameter of a query (`a=1&b=x%20y`), decoded; nothing if it is not there.
std::optional<std::string> query_parameter(std::string_view query, std::string_view name);

/// What a client may take.
struct HttpLimits {
    std::size_t connections = 32; ///< at once; beyond, the oldest one goes
    std::size_t request_bytes = 8192;
    std::chrono::nanoseconds time = std::chrono::seconds{5}; ///< from connection to end
};

/// Answers GET and HEAD, one request a connection, within the loop of who owns it: no thread, and
/// nothing to do while nobody asks. A client that is slow, silent or endless holds up nobody; it
/// is cut off at the limits.
class HttpServer {
  public:
    using Handler = std::function<HttpResponse(const HttpRequest &)>;

    /// Listens. Throws std::runtime_error of one line that says what to do, where the port is in
    /// use for one. An exception out of `handler` is answered with 500.
    HttpServer(const HttpEndpoint &endpoint, Handler handler, const HttpLimits &limits = {});

    /// Where it listens, with the port that port 0 became.
    const HttpEndpoint &endpoint() const { return endpoint_; }
    /// Becomes readable when serve() has something to do (an epoll descriptor).
    int poll_fd() const { return epoll_.get(); }
    /// Does what there is to do; does not wait.
    void serve();

  private:
    struct Connection {
        FileDescriptor socket;
        std::uint64_t deadline_ns = 0; ///< CLOCK_MONOTONIC
        std::string request{};
        std::string response{};
        std::size_t sent = 0;
        std::size_t discarded = 0; ///< bytes beyond the request
    };

    void watch(int fd, std::uint32_t events, int operation) const;
    void accept_all();
    void pause_accepting();
    void handle(int fd);
    bool advance(Connection &connection);
    bool read_request(Connection &connection);
    bool write_response(Connection &connection) const;
    std::string answer(std::string_view head) const;
    void drop_late();
    void arm_timer() const;

    HttpEndpoint endpoint_;
    Handler handler_;
    HttpLimits limits_;
    FileDescriptor epoll_;
    FileDescriptor listener_;
    FileDescriptor timer_;
    std::list<Connection> connections_; ///< oldest first, hence in the order of their deadlines
    std::uint64_t accept_again_ns_ = 0; ///< 0: accepting
};

} // namespace portscan
