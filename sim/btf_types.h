// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <memory>

struct btf;

namespace portscan {

/// A copy of an object's types, to extend and to hand to the kernel. Throws std::system_error.
class BtfTypes {
  public:
    explicit BtfTypes(const btf *original);
    ~BtfTypes();
    BtfTypes(const BtfTypes &) = delete;
    BtfTypes &operator=(const BtfTypes &) = delete;

    /// Adds the type of a static function without arguments that returns a 64-bit number; its id.
    unsigned add_clock_function(const char *name);
    /// Hands the types to the kernel: fd() is theirs from then on.
    void load();
    int fd() const;

  private:
    struct Free {
        void operator()(btf *types) const;
    };
    std::unique_ptr<btf, Free> types_;
};

} // namespace portscan
