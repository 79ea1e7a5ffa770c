// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/file_descriptor.h"
#include "sim/control_flow.h"
#include "sim/program_text.h"

#include <cstdint>
#include <vector>

namespace portscan {

/// What another CPU does at the worst moment, put into the program where that moment is: right
/// before it compares and swaps, before it adds to a number and looks at it, before it puts an
/// element into a map or looks a record up. Off until asked for. Two threads would have to meet
/// there by chance; this comes out the same each time.
class Interference {
  public:
    enum class Kind : std::uint8_t {
        swap,          ///< the word that is to be swapped has another tag
        block,         ///< the source whose word is to be swapped becomes a block
        add,           ///< the number that is added to is larger by one
        update,        ///< the element that is to be put in is there
        turn,          ///< since the record that is to be put in took its place, four more were
        lookup_block,  ///< the record that is looked up, and there, becomes a block
        lookup_gone,   ///< the record that is looked up, and there, is removed
        lookup_alive,  ///< the block that is looked up becomes a record of the same ports
        lookup_second, ///< the record of one port that is looked up gets port 2
        lookup_third,  ///< the record of two ports that is looked up gets port 3
        keep           ///< the record that is to be deleted stays, as where the kernel is busy
    };

    /// Throws std::system_error.
    Interference();

    /// For the text of a loaded program, without insertions. Throws std::system_error.
    std::vector<Insertion> insertions(const ProgramText &text, const ControlFlow &flow) const;
    /// Bit 0 of the pattern is the next such moment, bit 1 the one after it: used where it is set.
    /// Other kinds are off then.
    void expect(Kind kind, std::uint64_t pattern);

  private:
    FileDescriptor map_;
};

} // namespace portscan
