// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "tests/temporary_directory.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <sys/types.h>
#include <vector>

namespace portscan::test {

/// A headless Chromium with one page, driven over its debugging pipe (Chrome DevTools Protocol). It
/// resolves no host name. Whatever it refuses or does not answer within a minute throws
/// std::runtime_error.
class Browser {
  public:
    Browser();
    Browser(const Browser &) = delete;
    Browser &operator=(const Browser &) = delete;
    ~Browser();

    /// Loads a file and waits until it is loaded.
    void open(const std::string &path);
    /// The value of a JavaScript expression; one that throws is an exception here.
    nlohmann::json evaluate(const std::string &expression);
    /// A key, as KeyboardEvent.key names it.
    void press(const std::string &key);
    /// Types into what has the focus.
    void type(const std::string &text);
    /// Pulls the mouse over the element, from one part of its width to another.
    void drag(const std::string &selector, double from, double to);
    /// `screen` or `print`, empty for the one that it is; `light` or `dark`.
    void emulate(const std::string &media, const std::string &scheme);
    /// The page as it is printed, a PDF.
    std::string print();

    /// Messages to the console, exceptions and refused loads, since the page was opened.
    const std::vector<std::string> &complaints() const { return complaints_; }
    /// Addresses that were asked for since then.
    const std::vector<std::string> &requests() const { return requests_; }

  private:
    void start();
    nlohmann::json call(const std::string &method, nlohmann::json parameters = {});
    nlohmann::json receive();
    void note(const nlohmann::json &event);
    void mouse(const std::string &type, double x, double y);

    TemporaryDirectory home_;
    pid_t process_ = -1;
    int to_ = -1, from_ = -1;
    std::string received_;
    std::string session_;
    std::uint64_t calls_ = 0;
    bool loaded_ = false;
    std::vector<std::string> complaints_, requests_;
};

} // namespace portscan::test
