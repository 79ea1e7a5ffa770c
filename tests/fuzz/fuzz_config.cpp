// SPDX-License-Identifier: GPL-2.0-or-later
// Configuration files of the loader: what they set is told and read back the same.
#include "loader/config_file.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace portscan;

void check_round_trip(const DetectorOptions &detector, const ServiceOptions &host) {
    DetectorOptions detector_again;
    for (const OptionSpec &spec : option_specs())
        if (const std::string text = spec.get(detector); !text.empty())
            spec.set(detector_again, text);
    fuzz::require(detector_again == detector, "detection options are read as they are written");
    ServiceOptions host_again;
    for (const ServiceOptionSpec &spec : service_option_specs())
        spec.set(host_again, spec.get(host));
    fuzz::require(host_again == host, "service options are read as they are written");
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    try {
        const Settings settings = parse_config(fuzz::text_of(data, size), "none/fuzz.toml");
        DetectorOptions detector;
        ServiceOptions host;
        settings.apply(detector, host);
        check_round_trip(detector, host);
        validate(detector);
    } catch (const OptionError &error) {
        fuzz::require_message(error.what());
    }
    return 0;
}
