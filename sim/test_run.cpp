// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/test_run.h"

#include "loader/passing_program.h"

#include <bpf/bpf.h>
#include <cerrno>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <system_error>

namespace portscan {
namespace {

constexpr std::size_t most_bytes = std::size_t{1} << 18; // beyond what any kernel takes

int run_once(int program_fd, ByteView frame, bpf_test_run_opts &options) {
    options.data_in = frame.data();
    options.data_size_in = static_cast<__u32>(frame.size());
    options.repeat = 1; // between repetitions a signal would end the call with EINTR
    return bpf_prog_test_run_opts(program_fd, &options);
}

} // namespace

TestRunResult test_run(int program_fd, ByteView frame, std::optional<std::size_t> linear_size) {
    LIBBPF_OPTS(bpf_test_run_opts, options);
    xdp_md context{};
    if (linear_size) {
        context.data_end = static_cast<__u32>(*linear_size);
        options.ctx_in = &context;
        options.ctx_size_in = sizeof(context);
    }
    if (const int error = run_once(program_fd, frame, options); error != 0)
        throw std::system_error(-error, std::generic_category(),
                                fmt::format("run detector on a frame of {} bytes", frame.size()));
    if (options.retval > static_cast<__u32>(Verdict::redirect))
        throw std::system_error(
            EPROTO, std::generic_category(),
            fmt::format("detector returned {}, which is no XDP action", options.retval));
    return {static_cast<Verdict>(options.retval), options.duration};
}

FileDescriptor load_floor_program(bool frags) {
    FileDescriptor program =
        load_passing_program(BPF_PROG_TYPE_XDP, frags ? __u32{BPF_F_XDP_HAS_FRAGS} : 0U);
    if (program.get() < 0)
        throw std::system_error(errno, std::generic_category(), "load empty program");
    return program;
}

std::size_t find_max_frame_size(int floor_program) {
    const Bytes bytes(most_bytes);
    std::size_t taken = min_frame_size;
    std::size_t refused = most_bytes;
    while (refused - taken > 1) {
        const std::size_t size = taken + (refused - taken) / 2;
        LIBBPF_OPTS(bpf_test_run_opts, options);
        const bool ran = run_once(floor_program, ByteView{bytes}.first(size), options) == 0;
        (ran ? taken : refused) = size;
    }
    return taken;
}

} // namespace portscan
