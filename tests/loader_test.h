// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "tests/loader_host.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace portscan::test {

/// A host of its own for each test, and what most tests ask the loader there.
class LoaderTest : public testing::Test {
  protected:
    static constexpr const char *scanner = "10.0.0.1";

    /// What a command prints with --json.
    nlohmann::json json(std::vector<std::string> arguments) const {
        arguments.emplace_back("--json");
        return nlohmann::json::parse(host.command(std::move(arguments)).output);
    }
    bool is_blocked(const std::string &source) const {
        return host.command({"list", source}).status == 0;
    }

    LoaderHost host;
};

} // namespace portscan::test
