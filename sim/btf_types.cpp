// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/btf_types.h"

#include <bpf/btf.h>
#include <cerrno>
#include <system_error>

namespace portscan {
namespace {

[[noreturn]] void fail(int error, const char *what) {
    throw std::system_error(error, std::generic_category(), what);
}

} // namespace

void BtfTypes::Free::operator()(btf *types) const {
    btf__free(types);
}

BtfTypes::BtfTypes(const btf *original) {
    __u32 size = 0;
    const void *raw = original == nullptr ? nullptr : btf__raw_data(original, &size);
    if (raw != nullptr) types_.reset(btf__new(raw, size));
    if (types_ == nullptr) fail(EINVAL, "object has no BTF: not a detector of this version");
}

BtfTypes::~BtfTypes() = default;

unsigned BtfTypes::add_clock_function(const char *name) {
    const int integer = btf__add_int(types_.get(), "unsigned long long", 8, 0);
    const int prototype = btf__add_func_proto(types_.get(), integer);
    const int function = btf__add_func(types_.get(), name, BTF_FUNC_STATIC, prototype);
    if (function < 0) fail(-function, "describe capture clock");
    return static_cast<unsigned>(function);
}

void BtfTypes::load() {
    if (const int error = btf__load_into_kernel(types_.get()); error != 0)
        fail(-error, "load types of the detector");
}

int BtfTypes::fd() const {
    return btf__fd(types_.get());
}

} // namespace portscan
