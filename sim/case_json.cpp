// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/case_json.h"

#include "sim/replay_context.h"

#include <nlohmann/json.hpp>
#include <ostream>

namespace portscan {
namespace {

using Json = nlohmann::ordered_json;

Json frame_json(const Mismatch &mismatch) {
    if (!mismatch.frame) return nullptr;
    return {{"number", mismatch.frame->number},
            {"at", format_seconds(mismatch.frame->time_ns)},
            {"packet", mismatch.frame->summary},
            {"outcome", mismatch.frame->outcome},
            {"differs", !mismatch.fell_short}};
}

Json mismatches_json(const CaseResult &result) {
    Json list = Json::array();
    for (const Mismatch &mismatch : result.mismatches) {
        list.push_back({{"line", mismatch.line},
                        {"what", mismatch.what},
                        {"expected", mismatch.expected},
                        {"got", mismatch.got},
                        {"frame", frame_json(mismatch)}});
    }
    return list;
}

} // namespace

void write_json(std::ostream &out, const CaseResult &result) {
    const Json object{{"schema", case_schema},
                      {"file", result.file},
                      {"title", result.title},
                      {"passed", result.passed()},
                      {"limitation", result.limitation},
                      {"errors", result.errors},
                      {"mismatches", mismatches_json(result)},
                      {"command", result.command},
                      {"seconds", std::chrono::duration<double>(result.duration).count()}};
    // Names of files need not be UTF-8.
    out << object.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
}

} // namespace portscan
