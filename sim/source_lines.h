// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/program_text.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

struct bpf_object;

namespace portscan {

/// A place in the program's source.
struct SourceLine {
    std::string file; ///< as the project has it: `bpf/decision.bpf.h`
    unsigned line = 0;
    unsigned column = 0;
    std::string text; ///< of the line, without the space around it
    /// The compiler made the instruction up itself: this is the line of the one before.
    bool is_near = false;
    bool operator==(const SourceLine &) const = default;
};

/// Where each instruction of a loaded program comes from, by the line information of the object
/// file; what the verifier or the kernel's log says is not asked. Places are those of
/// ProgramText::of(program), before anything is put in.
class SourceLines {
  public:
    /// `object_file`: the bytes that `object` was opened from. Throws ObjectError where they have
    /// no line information, or none for a part of the program.
    static SourceLines read(std::span<const std::uint8_t> object_file, const bpf_object *object,
                            const ProgramText &text);

    std::size_t size() const { return index_.size(); }
    /// The line of the instruction at `place`: of inlined code where it was written.
    const SourceLine &at(std::size_t place) const { return lines_[index_.at(place)]; }
    /// The name of the function (not of what was inlined into it) that `place` is in.
    const std::string &function_at(std::size_t place) const {
        return names_[text_function_.at(place)];
    }

  private:
    std::vector<SourceLine> lines_;
    std::vector<std::size_t> index_; ///< of lines_, for each instruction
    std::vector<std::string> names_; ///< of the functions
    std::vector<std::size_t> text_function_;
};

} // namespace portscan
