// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <fstream>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>

namespace portscan {

/// For results that do not go to standard output. Throws OptionError for `-`.
void refuse_standard_output(std::string_view option, const std::string &path);

/// Whether a file of results is of use before its end. One that is not takes the place of the old
/// one when it is whole.
enum class OutputKind : std::uint8_t {
    whole,
    lines ///< each result is there once it is written
};

/// A file for results, as named by a command line option; none where its name is empty, or `-`,
/// which is for the command to write.
class OutputFile {
  public:
    /// Opens or creates it at once, so that nobody waits for results that have no place. What it
    /// held stays until the first result is written, and a file that was created goes again where
    /// none is. Throws OptionError where that is not possible. Call check_outputs() before.
    OutputFile(std::string_view option, const std::string &path,
               OutputKind kind = OutputKind::whole);
    OutputFile(const OutputFile &) = delete;
    OutputFile &operator=(const OutputFile &) = delete;
    ~OutputFile();

    bool is_open() const;
    /// Takes what is written, and loses it where none is open.
    std::ostream &stream() { return stream_; }
    /// Throws std::runtime_error where not all could be written.
    void close();

  private:
    class Buffer;

    [[noreturn]] void fail_to_create(int error) const;

    std::string option_;
    std::string path_;
    std::unique_ptr<Buffer> file_;
    std::ostream stream_;
};

} // namespace portscan
