# SPDX-License-Identifier: GPL-2.0-or-later
# Writes the page of `replay --html` as a C++ header: cmake -D OUTPUT=FILE -D HTML=FILE
# -D STYLES=FILE,... -D LIBRARY=FILE -D SCRIPTS=FILE,... -P embed.cmake. The page's own scripts share
# one scope, in the order given; the library stands before them.
function(read_all result)
  set(all "")
  foreach(file ${ARGN})
    file(READ ${file} text)
    string(APPEND all "${text}")
  endforeach()
  set(${result} "${all}" PARENT_SCOPE)
endfunction()

string(REPLACE "," ";" styles "${STYLES}")
string(REPLACE "," ";" scripts "${SCRIPTS}")
read_all(html ${HTML})
read_all(style ${styles})
read_all(library ${LIBRARY})
read_all(own ${scripts})
# Whoever opens the browser's tools would be told that this is missing.
string(REGEX REPLACE "//# sourceMappingURL=[^\n]*" "" library "${library}")
set(script "${library}\n(() => {\n'use strict';\n${own}})();\n")

# Stops where the text holds what would end it, in C++ or in HTML.
function(refuse text)
  foreach(end ${ARGN})
    string(FIND "${text}" "${end}" position)
    if(NOT position EQUAL -1)
      message(FATAL_ERROR "the page must not hold ${end}")
    endif()
  endforeach()
endfunction()
refuse("${html}" ")page\"")
refuse("${style}" ")page\"" "</style")
refuse("${script}" ")page\"" "</script" "<!--")

file(WRITE ${OUTPUT} "// Written by sim/page/embed.cmake.
#pragma once

#include <string_view>

namespace portscan {

// clang, pedantic, knows of compilers that take no more than 64 KiB. Ours do.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored \"-Woverlength-strings\"
inline constexpr std::string_view page_html = R\"page(${html})page\";
inline constexpr std::string_view page_style = R\"page(${style})page\";
inline constexpr std::string_view page_script = R\"page(${script})page\";
#pragma GCC diagnostic pop

} // namespace portscan
")
