// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/script_stream.h"

#include <string_view>

namespace portscan {
namespace {

std::string_view escaped(char character) {
    switch (character) {
    case '<':
        return "\\u003c";
    case '>':
        return "\\u003e";
    default:
        return "\\u0026";
    }
}

} // namespace

ScriptStream::Buffer::int_type ScriptStream::Buffer::overflow(int_type character) {
    if (traits_type::eq_int_type(character, traits_type::eof())) return 0;
    const char one = traits_type::to_char_type(character);
    return xsputn(&one, 1) == 1 ? character : traits_type::eof();
}

std::streamsize ScriptStream::Buffer::xsputn(const char *text, std::streamsize size) {
    std::string_view rest{text, static_cast<std::size_t>(size)};
    while (!rest.empty()) {
        const auto plain = std::min(rest.find_first_of("<>&"), rest.size());
        page_ << rest.substr(0, plain);
        if (plain == rest.size()) break;
        page_ << escaped(rest[plain]);
        rest.remove_prefix(plain + 1);
    }
    return page_ ? size : 0;
}

} // namespace portscan
