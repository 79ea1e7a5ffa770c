// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <ostream>
#include <streambuf>

namespace portscan {

/// JSON for within <script> of an HTML page: written here, it stands in the other stream with each
/// `<`, `>` and `&` as an escape of JSON. So nothing in it ends the element or opens a comment
/// (HTML, section "Restrictions for contents of script elements"), and it parses to the same.
class ScriptStream : public std::ostream {
  public:
    /// The other stream must outlive this one, and has the state of errors.
    explicit ScriptStream(std::ostream &page) : std::ostream(nullptr), buffer_(page) {
        rdbuf(&buffer_);
    }

  private:
    class Buffer : public std::streambuf {
      public:
        explicit Buffer(std::ostream &page) : page_(page) {}

      protected:
        int_type overflow(int_type character) override;
        std::streamsize xsputn(const char *text, std::streamsize size) override;

      private:
        std::ostream &page_;
    };

    Buffer buffer_;
};

} // namespace portscan
