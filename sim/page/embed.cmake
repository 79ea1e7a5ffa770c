# SPDX-License-Identifier: GPL-2.0-or-later
# Writes the pages of `replay --html` and `tune --html` as a C++ header: cmake -D OUTPUT=FILE
# -D HEAD=FILE -D STYLES=FILE,... -D LIBRARY=FILE -D PAGES=NAME,... and for each page -D NAME_HTML=FILE
# -D NAME_SCRIPTS=FILE,... -P embed.cmake. The scripts of a page share one scope, in the order given;
# the library stands before them.
function(read_all result)
  set(all "")
  foreach(file ${ARGN})
    file(READ ${file} text)
    string(APPEND all "${text}")
  endforeach()
  set(${result} "${all}" PARENT_SCOPE)
endfunction()

# Stops where the text holds what would end it, in C++ or in HTML.
function(refuse text)
  foreach(end ${ARGN})
    string(FIND "${text}" "${end}" position)
    if(NOT position EQUAL -1)
      message(FATAL_ERROR "a page must not hold ${end}")
    endif()
  endforeach()
endfunction()

set(constants "")
# Adds a constant to the header; further arguments: what its text must not hold.
function(embed name text)
  refuse("${text}" ")page\"" ${ARGN})
  set(line "inline constexpr std::string_view ${name} = R\"page(${text})page\";\n")
  set(constants "${constants}${line}" PARENT_SCOPE)
endfunction()

string(REPLACE "," ";" styles "${STYLES}")
string(REPLACE "," ";" pages "${PAGES}")
read_all(style ${styles})
embed(page_style "${style}" "</style")
read_all(head ${HEAD})
string(REGEX REPLACE "^<!--[^\n]*\n" "" head "${head}") # a page begins with its type
read_all(library ${LIBRARY})
# Whoever opens the browser's tools would be told that this is missing.
string(REGEX REPLACE "//# sourceMappingURL=[^\n]*" "" library "${library}")
embed(chart_library "${library}\n" "</script" "<!--")
foreach(page ${pages})
  read_all(html ${${page}_HTML})
  string(REGEX REPLACE ".*<!--head-->\n" "${head}" html "${html}")
  string(REPLACE "," ";" scripts "${${page}_SCRIPTS}")
  read_all(own ${scripts})
  embed(${page}_html "${html}")
  embed(${page}_script "(() => {\n'use strict';\n${own}})();\n" "</script" "<!--")
endforeach()

file(WRITE ${OUTPUT} "// Written by sim/page/embed.cmake.
#pragma once

#include <string_view>

namespace portscan {

${constants}
} // namespace portscan
")
