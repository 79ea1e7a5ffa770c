// SPDX-License-Identifier: GPL-2.0-or-later
// instruction-counts FILE CLANG [OBJECT]: how many instructions the object (the embedded one unless
// named) has and how many the verifier goes through, held against FILE. What the object was
// compiled with stands nowhere in it.
#include "loader/detector.h"
#include "sim/harness_maps.h"
#include "sim/program_text.h"
#include "sim/replay_context.h"
#include "sim/source_text.h"
#include "tests/instruction_counts.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <exception>
#include <fmt/format.h>
#include <string>
#include <system_error>

namespace {

using namespace portscan;
using namespace portscan::test;

void count_functions(const bpf_object *object, const bpf_program *program, CountRow &row) {
    const ProgramText text = ProgramText::of(program);
    for (std::size_t i = 0; i < text.functions().size(); ++i) {
        const ProgramFunction &function = text.functions()[i];
        const btf_type *const type = btf__type_by_id(bpf_object__btf(object), function.type_id);
        row.counts[btf__name_by_offset(bpf_object__btf(object), type->name_off)] =
            static_cast<std::int64_t>(text.end_of(i) - function.start);
    }
}

std::int64_t verified(const bpf_program *program) {
    bpf_prog_info info{};
    __u32 size = sizeof(info);
    if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) != 0)
        throw std::system_error(errno, std::generic_category(), "ask for the program's info");
    return info.verified_insns;
}

/// True if the row is as in the file, or new.
bool check(const std::vector<CountRow> &baseline, const CountRow &row, const char *file) {
    const CountVerdict verdict = compare_counts(baseline, row, file);
    fmt::print("{}", verdict.text);
    return verdict.passed;
}

int run(const char *file, const char *clang, const std::string &object_path) {
    const auto baseline = parse_counts(SourceText::read(file).text());
    const Detector detector =
        Detector::load({}, {.object_path = object_path, .prepare = [](bpf_object *object) {
                                use_harness_maps(object, StatsMap::shipped);
                            }});
    CountRow object{.table = "object", .key = {{"clang", version_number(clang)}}, .counts = {}};
    CountRow verifier{.table = "verified", .key = object.key, .counts = {}};
    verifier.key["kernel"] = version_number(kernel_release());
    bpf_program *program = nullptr;
    bpf_object__for_each_program(program, detector.object()) {
        count_functions(detector.object(), program, object);
        verifier.counts[bpf_program__name(program)] = verified(program);
    }
    const bool same_object = check(baseline, object, file);
    const bool same_verified = check(baseline, verifier, file);
    return same_object && same_verified ? 0 : 1;
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 3 && argc != 4) {
        fmt::print(stderr, "usage: instruction-counts FILE CLANG_VERSION [OBJECT]\n");
        return 2;
    }
    try {
        return run(argv[1], argv[2], argc == 4 ? argv[3] : "");
    } catch (const std::exception &error) {
        fmt::print(stderr, "instruction-counts: {}\n", error.what());
        return 3;
    }
}
