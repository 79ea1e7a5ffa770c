// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/browser.h"

#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <stdexcept>
#include <string_view>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace portscan::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr auto patience = 60s;

[[noreturn]] void fail(const std::string &what) {
    throw std::runtime_error{"browser: " + what};
}

/// In the child. Chromium reads its orders from descriptor 3 and answers on 4.
[[noreturn]] void run_chromium(int orders, int answers, const std::string &home) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int high_orders = fcntl(orders, F_DUPFD, 10), high_answers = fcntl(answers, F_DUPFD, 10);
    const int log = open((home + "/log").c_str(), O_WRONLY | O_CREAT, 0600);
    if (dup2(high_orders, 3) < 0 || dup2(high_answers, 4) < 0 || dup2(log, STDOUT_FILENO) < 0 ||
        dup2(log, STDERR_FILENO) < 0) {
        _exit(126);
    }
    close_range(5, ~0U, 0);
    setenv("HOME", home.c_str(), 1);
    const std::string profile = "--user-data-dir=" + home + "/profile";
    // The sandbox is for pages of strangers, and root's refuses to start.
    execl(PORTSCAN_CHROMIUM, PORTSCAN_CHROMIUM, "--headless=new", "--remote-debugging-pipe",
          "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
          "--disable-background-networking", "--disable-component-update", "--disable-sync",
          "--disable-extensions", "--disable-crash-reporter",
          "--host-resolver-rules=MAP * ~NOTFOUND", "--window-size=1280,1000", profile.c_str(),
          "about:blank", nullptr);
    _exit(127);
}

void must(bool done, const char *what) {
    if (!done) fail(std::string{what} + " failed");
}

/// RFC 4648, without line breaks.
std::string from_base64(const std::string &text) {
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string bytes;
    std::uint32_t held = 0;
    int bits = 0;
    for (const char character : text) {
        if (character == '=') break;
        held = held << 6 | static_cast<std::uint32_t>(alphabet.find(character));
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        bytes += static_cast<char>(held >> bits & 255U);
    }
    return bytes;
}

} // namespace

Browser::Browser() {
    start();
    const json target = call("Target.createTarget", {{"url", "about:blank"}});
    session_ = call("Target.attachToTarget", {{"targetId", target["targetId"]}, {"flatten", true}})
                   .at("sessionId");
    for (const char *domain : {"Page", "Runtime", "Log", "Network"})
        call(std::string{domain} + ".enable");
}

void Browser::start() {
    int orders[2], answers[2];
    must(pipe2(orders, O_CLOEXEC) == 0 && pipe2(answers, O_CLOEXEC) == 0, "pipe");
    process_ = fork();
    must(process_ >= 0, "fork");
    if (process_ == 0) run_chromium(orders[0], answers[1], home_ / "");
    close(orders[0]);
    close(answers[1]);
    to_ = orders[1];
    from_ = answers[0];
    signal(SIGPIPE, SIG_IGN); // a browser that died is noticed by write()
}

Browser::~Browser() {
    close(to_); // the browser ends when its orders do
    close(from_);
    for (int i = 0; i < 100; ++i) {
        if (waitpid(process_, nullptr, WNOHANG) == process_) return;
        std::this_thread::sleep_for(100ms);
    }
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
}

/// The next message: an answer or an event.
json Browser::receive() {
    const auto end = std::chrono::steady_clock::now() + patience;
    for (;;) {
        if (const auto zero = received_.find('\0'); zero != std::string::npos) {
            json message = json::parse(received_.substr(0, zero));
            received_.erase(0, zero + 1);
            return message;
        }
        pollfd ready{.fd = from_, .events = POLLIN, .revents = 0};
        if (std::chrono::steady_clock::now() > end) fail("no answer within a minute");
        if (poll(&ready, 1, 1000) <= 0) continue;
        char buffer[65536];
        const ssize_t size = read(from_, buffer, sizeof buffer);
        if (size <= 0) fail("ended; is " PORTSCAN_CHROMIUM " a Chromium that runs here?");
        received_.append(buffer, static_cast<std::size_t>(size));
    }
}

json Browser::call(const std::string &method, json parameters) {
    json order{{"id", ++calls_}, {"method", method}};
    order["params"] = parameters.is_null() ? json::object() : std::move(parameters);
    if (!session_.empty()) order["sessionId"] = session_;
    const std::string text = order.dump() + '\0';
    for (std::size_t sent = 0; sent < text.size();) {
        const ssize_t size = write(to_, text.data() + sent, text.size() - sent);
        if (size < 0) fail("does not take orders");
        sent += static_cast<std::size_t>(size);
    }
    for (;;) {
        json message = receive();
        note(message);
        if (message.value("id", std::uint64_t{0}) != calls_) continue;
        if (message.contains("error")) fail(method + ": " + message["error"].dump());
        return message["result"];
    }
}

void Browser::note(const json &event) {
    const std::string method = event.value("method", "");
    if (method == "Page.loadEventFired") loaded_ = true;
    if (method == "Runtime.exceptionThrown" || method == "Runtime.consoleAPICalled" ||
        method == "Log.entryAdded" || method == "Network.loadingFailed") {
        complaints_.push_back(event["params"].dump());
    }
    if (method == "Network.requestWillBeSent")
        requests_.push_back(event["params"]["request"]["url"]);
}

void Browser::open(const std::string &path) {
    complaints_.clear();
    requests_.clear();
    loaded_ = false;
    std::string address = "file://";
    for (const char c : std::filesystem::absolute(path).string()) {
        constexpr char digits[] = "0123456789ABCDEF";
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = std::isalnum(byte) != 0 || c == '/' || c == '.' || c == '-' || c == '_';
        address += plain ? std::string{c} : std::string{'%', digits[byte / 16], digits[byte % 16]};
    }
    const json answer = call("Page.navigate", {{"url", address}});
    if (answer.contains("errorText")) fail(path + ": " + answer["errorText"].get<std::string>());
    while (!loaded_) note(receive());
}

json Browser::evaluate(const std::string &expression) {
    const json answer =
        call("Runtime.evaluate",
             {{"expression", expression}, {"returnByValue", true}, {"awaitPromise", true}});
    if (answer.contains("exceptionDetails"))
        fail(expression + ": " + answer["exceptionDetails"].dump());
    return answer["result"].value("value", json(nullptr));
}

void Browser::press(const std::string &key) {
    json order{{"type", "keyDown"}, {"key", key}};
    if (key.size() == 1) order["text"] = key;
    if (key == "Enter") order.update({{"text", "\r"}, {"windowsVirtualKeyCode", 13}});
    if (key == "Tab") order["windowsVirtualKeyCode"] = 9;
    call("Input.dispatchKeyEvent", order);
    order.erase("text");
    order["type"] = "keyUp";
    call("Input.dispatchKeyEvent", order);
}

void Browser::type(const std::string &text) {
    for (const char character : text) press(std::string{character});
}

void Browser::mouse(const std::string &type, double x, double y) {
    call("Input.dispatchMouseEvent", {{"type", type},
                                      {"x", x},
                                      {"y", y},
                                      {"button", "left"},
                                      {"clickCount", 1},
                                      {"buttons", type == "mouseReleased" ? 0 : 1}});
}

void Browser::drag(const std::string &selector, double from, double to) {
    const json box =
        evaluate("(() => { const element = document.querySelector(" + json(selector).dump() +
                 "); element.scrollIntoView({block: 'center'}); const {left, top, width, height} = "
                 "element.getBoundingClientRect(); return {left, top, width, height}; })()");
    const auto x_at = [&](double part) {
        return box["left"].get<double>() + part * box["width"].get<double>();
    };
    const double y = box["top"].get<double>() + box["height"].get<double>() / 2;
    mouse("mousePressed", x_at(from), y);
    for (int step = 1; step <= 5; ++step)
        mouse("mouseMoved", x_at(from + (to - from) * step / 5), y);
    mouse("mouseReleased", x_at(to), y);
}

void Browser::emulate(const std::string &media, const std::string &scheme) {
    const json feature{{"name", "prefers-color-scheme"}, {"value", scheme}};
    call("Emulation.setEmulatedMedia", {{"media", media}, {"features", json::array({feature})}});
}

std::string Browser::print() {
    return from_base64(call("Page.printToPDF", {{"printBackground", true}}).at("data"));
}

} // namespace portscan::test
