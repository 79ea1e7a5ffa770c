// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/capture_survey.h"

#include "sim/capture.h"
#include "sim/dissect.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <unordered_map>

namespace portscan {
namespace {

/// Those who send in one capture.
class Senders {
  public:
    explicit Senders(unsigned ipv6_prefix) : ipv6_prefix_(ipv6_prefix) {}

    void observe(const CapturedFrame &frame) {
        const Dissection dissection = dissect(frame);
        if (!dissection.source) return;
        const Prefix source = source_of(*dissection.source, ipv6_prefix_);
        const auto [found, is_new] = places_.try_emplace(source, senders_.size());
        if (is_new) senders_.push_back({source});
        Sender &sender = senders_[found->second];
        sender.probes = sender.probes || dissection.is_probe;
    }

    /// False where no sender is meant by it.
    bool mark(const Prefix &label) {
        const auto is_meant = [&](const Sender &sender) {
            return label.contains(sender.source) || sender.source.contains(label);
        };
        const auto probes = [&](const Sender &one) { return one.probes && is_meant(one); };
        const bool any_probes = std::any_of(senders_.begin(), senders_.end(), probes);
        bool any = false;
        for (Sender &sender : senders_) {
            if (!is_meant(sender) || (any_probes && !sender.probes)) continue;
            sender.scanner = any = true;
        }
        return any;
    }

    void report(CaptureSurvey &survey) const {
        survey.senders = senders_.size();
        for (const Sender &sender : senders_) {
            if (sender.scanner)
                survey.scanners.push_back(sender.source);
            else
                survey.honest += sender.probes;
        }
    }

  private:
    struct Sender {
        Prefix source;
        bool probes = false;
        bool scanner = false;
    };

    unsigned ipv6_prefix_;
    std::vector<Sender> senders_{};
    std::unordered_map<Prefix, std::size_t, PrefixHash> places_{};
};

/// A pipe would be empty the second time, and waited for.
void refuse_what_is_read_once(const std::string &path) {
    std::error_code none;
    const auto status = std::filesystem::status(path, none);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
        throw CaptureError{fmt::format(
            "{}: is no regular file, and captures are read several times: name a file", path)};
}

} // namespace

CaptureSurvey survey(const LabelledCapture &labelled, unsigned ipv6_prefix,
                     const std::function<bool()> &tick) {
    refuse_what_is_read_once(labelled.path);
    CaptureReader reader = CaptureReader::open(labelled.path, {.filter = labelled.filter});
    CaptureSurvey result;
    Senders senders{ipv6_prefix};
    while (const auto frame = reader.next()) {
        ++result.packets;
        result.selected += frame->selected;
        if (frame->selected) senders.observe(*frame);
        if (tick && !tick()) return result;
    }
    result.damage = reader.damage();
    std::vector<std::string> silent;
    for (const Prefix &label : labelled.scanners)
        if (!senders.mark(label)) silent.push_back(label.to_string());
    if (!silent.empty())
        throw CaptureError{fmt::format(
            "{}: {} {} labelled as {} and {} nothing in {}: of another capture?", labelled.path,
            fmt::join(silent, ", "), silent.size() == 1 ? "is" : "are",
            silent.size() == 1 ? "a scanner" : "scanners", silent.size() == 1 ? "sends" : "send",
            labelled.filter.empty() ? "it" : "what the filter selects")};
    senders.report(result);
    return result;
}

} // namespace portscan
