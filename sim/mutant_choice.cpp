// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/mutant_choice.h"

#include "loader/file_content.h"
#include "loader/options.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>
#include <tuple>

namespace portscan {
namespace {

/// What tells a mutant from all others of the same object.
using Identity = std::tuple<std::string, std::string, std::size_t, std::string, std::string>;

Identity identity_of(const Mutant &mutant) {
    return {mutant.line.file, mutant.function, mutant.mutation.index,
            std::string{to_string(mutant.mutation.kind)}, mutant.mutation.change};
}

Identity identity_of(const nlohmann::json &survivor) {
    const auto text = [&](const char *key) { return survivor.at(key).get<std::string>(); };
    return {text("file"), text("function"), survivor.at("instruction").get<std::size_t>(),
            text("kind"), text("change")};
}

} // namespace

std::vector<Mutant> of_file(std::vector<Mutant> mutants, const std::string &file) {
    std::erase_if(mutants, [&](const Mutant &one) {
        return one.line.file != file && !one.line.file.ends_with("/" + file);
    });
    if (mutants.empty())
        throw OptionError{
            fmt::format("only: no mutants of '{}': name a source file of the detector, such as "
                        "registry.bpf.h",
                        file)};
    return mutants;
}

std::vector<Mutant> survivors_of(std::vector<Mutant> mutants, const std::string &path,
                                 const std::string &object_sha256) {
    std::set<Identity> survived;
    try {
        constexpr std::size_t most = std::size_t{64} * 1024 * 1024;
        const auto report = nlohmann::json::parse(read_content(path, most));
        if (report.at("object_sha256") != object_sha256)
            throw OptionError{fmt::format("again: '{}' is of another detector: run all", path)};
        for (const auto &survivor : report.at("survivors")) survived.insert(identity_of(survivor));
    } catch (const std::system_error &error) {
        throw OptionError{
            fmt::format("again: '{}' cannot be read: {}", path, error.code().message())};
    } catch (const nlohmann::json::exception &) {
        throw OptionError{fmt::format("again: '{}' is no JSON of 'mutate --json'", path)};
    }
    std::erase_if(mutants,
                  [&](const Mutant &one) { return survived.count(identity_of(one)) == 0; });
    return mutants;
}

} // namespace portscan
