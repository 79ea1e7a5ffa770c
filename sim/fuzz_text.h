// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/fuzz_step.h"
#include "sim/model.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// What fuzzing compares, as text for people.
namespace portscan {

std::string fuzz_text(bool value);
std::string fuzz_text(std::uint64_t value);
std::string fuzz_text(const std::string &value);
std::string fuzz_text(const ModelOutcome &outcome); ///< `drop threshold`
std::string fuzz_text(ModelBlock outcome);
std::string fuzz_text(const std::optional<ModelRecord> &record);
std::string fuzz_text(const ModelExpiry &expiry);
std::string fuzz_text(const std::vector<ModelEvent> &events);

/// `unblock`, `expire` ...: as rows of a scenario name them.
std::string fuzz_text(FuzzStep::Kind kind);

} // namespace portscan
