// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/report_json.h"

#include "sim/options_json.h"
#include "sim/time_text.h"

#include <fmt/compile.h>
#include <fmt/format.h>
#include <iterator>
#include <ostream>
#include <string_view>
#include <utility>

namespace portscan {
namespace {

using Json = nlohmann::ordered_json;

/// One line. Names of files need not be UTF-8: what is not becomes U+FFFD.
std::string line(const Json &json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json verdicts_of(const ReplayReport &report) {
    Json json = Json::object();
    for (const Verdict verdict :
         {Verdict::pass, Verdict::drop, Verdict::aborted, Verdict::tx, Verdict::redirect}) {
        json[std::string{to_string(verdict)}] =
            report.verdicts.at(static_cast<std::size_t>(verdict));
    }
    return json;
}

Json counters_of(const Counters &counters) {
    Json json = Json::object();
    const auto &names = counter_names();
    for (std::size_t key = 0; key < names.size() && key < counters.values.size(); ++key) {
        json[std::string{names[key]}] = counters[key];
    }
    return json;
}

Json figures_of(const auto &latency) {
    return {{"p50", latency.p50},
            {"p90", latency.p90},
            {"p99", latency.p99},
            {"p999", latency.p999},
            {"max", latency.max}};
}

Json latency_of(const LatencyReport &latency, Clock clock) {
    Json json{{"program", clock == Clock::wall ? "shipped" : "rewritten"}};
    Json figures = figures_of(latency);
    if (latency.histogram.empty()) // nothing was run
        for (Json &figure : figures) figure = nullptr;
    json.update(figures);
    const bool measured = latency.empty_packets != 0;
    json["above_empty"] = measured ? figures_of(latency.above_empty()) : Json(nullptr);
    json["empty"] = measured ? figures_of(latency.empty) : Json(nullptr);
    if (measured) json["empty"]["packets"] = latency.empty_packets;
    Json bars = Json::array();
    for (const LatencyBar &bar : latency.histogram) bars.push_back({bar.up_to, bar.count});
    json["histogram"] = std::move(bars);
    return json;
}

/// Writes sources without a tree of values in between: there can be millions, and nothing in them
/// needs an escape.
class SourceWriter {
  public:
    explicit SourceWriter(std::ostream &out) : out_{out} {}

    void write(const SourceReport &source);
    void flush() {
        out_.write(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
        buffer_.clear();
    }

  private:
    static constexpr std::size_t flush_size = 64 * 1024;

    /// Formats are compiled: reading them again for each source took as long as the rest.
    template <typename Format, typename... Values>
    void add(const Format &format, const Values &...values) {
        fmt::format_to(std::back_inserter(buffer_), format, values...);
    }
    void add_block(const BlockReport &block);

    std::ostream &out_;
    fmt::memory_buffer buffer_{};
    bool first_ = true;
};

void SourceWriter::write(const SourceReport &source) {
    add(FMT_COMPILE("{}{{\"address\":\"{}\","), std::exchange(first_, false) ? "" : ",",
        source.address.to_string());
    if (source.host) add(FMT_COMPILE("\"host\":\"{}\","), source.host->to_string());
    const char *const quote = source.state ? "\"" : "";
    add(FMT_COMPILE("\"state\":{0}{1}{0},\"blocked\":{2},\"ports\":[{3}],"), quote,
        source.state ? to_string(*source.state) : "null", source.blocked,
        fmt::join(source.ports, ","));
    add(FMT_COMPILE("\"probes\":{},\"packets\":{},\"dropped\":{},"), source.probes, source.packets,
        source.dropped);
    add(FMT_COMPILE("\"passed_probes\":{},\"answered\":{},\"likely_honest\":{},"),
        source.reach.passed, source.reach.answered, likely_honest(source.reach));
    add(FMT_COMPILE("\"likely_honest_reason\":\"{}\",\"first_seen\":\"{}\",\"blocks\":["),
        honesty_reason(source.reach), format_seconds(source.first_seen_ns));
    for (const BlockReport &block : source.blocks) {
        if (&block != &source.blocks.front()) buffer_.push_back(',');
        add_block(block);
    }
    buffer_.append(std::string_view{"]}"});
    if (buffer_.size() >= flush_size) flush();
}

void SourceWriter::add_block(const BlockReport &block) {
    add(FMT_COMPILE("{{\"at\":\"{}\",\"frame\":{},\"trigger_port\":{},\"until\":{}}}"),
        format_seconds(block.at_ns), block.frame == 0 ? "null" : fmt::to_string(block.frame),
        block.trigger_port ? fmt::to_string(*block.trigger_port) : "null",
        block.until_ns ? fmt::format("\"{}\"", format_seconds(*block.until_ns)) : "null");
}

} // namespace

void write_json(std::ostream &out, const ReplayReport &report, const ReplayContext &context) {
    Json head{
        {"schema", replay_schema},
        {"capture", report.capture},
        {"object_sha256", context.object_sha256},
        {"options", options_json(context.options)},
        {"kernel", context.kernel},
        {"packets", report.packets},
        {"verdicts", verdicts_of(report)},
        {"skipped", report.skipped},
        {"not_selected", report.not_selected},
        {"time_held", report.time_held},
        {"damage", report.damage.empty() ? Json(nullptr) : Json(report.damage)},
        {"counters", counters_of(report.counters)},
        {"latency_ns", latency_of(report.latency, context.clock)},
        {"sources_omitted", report.sources_omitted},
    };
    if (report.hosts) {
        head["hosts"] = {{"replayed", report.hosts->replayed},
                         {"left_out_packets", report.hosts->left_out_packets}};
    }
    std::string text = line(head);
    text.pop_back(); // the sources stand before the closing brace
    out << text << ",\"sources\":[";
    SourceWriter writer{out};
    for (const SourceReport &source : report.sources) writer.write(source);
    writer.flush();
    out << "]}\n";
}

} // namespace portscan
