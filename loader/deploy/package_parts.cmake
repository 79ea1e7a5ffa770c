# SPDX-License-Identifier: GPL-2.0-or-later
# What the packages of both commands have alike.
find_program(GZIP gzip REQUIRED)

# command_files(COMMAND SECTION COMPONENT): manual page and completions of a command, which writes
# them itself.
function(command_files command section component)
  set(folder ${CMAKE_BINARY_DIR}/generated/${command})
  set(man ${folder}/${command}.${section})
  set(bash ${folder}/${command})
  set(zsh ${folder}/_${command})
  set(fish ${folder}/${command}.fish)
  file(MAKE_DIRECTORY ${folder})
  set(generate)
  foreach(form man bash zsh fish)
    list(APPEND generate COMMAND ${command} --generate ${form} > ${${form}})
  endforeach()
  add_custom_command(
    OUTPUT ${man}.gz ${bash} ${zsh} ${fish}
    ${generate}
    COMMAND ${GZIP} -9nf ${man}
    DEPENDS ${command}
    COMMENT "Manual page and completions of ${command}"
    VERBATIM)
  add_custom_target(${command}-files ALL DEPENDS ${man}.gz ${bash} ${zsh} ${fish})
  install(FILES ${man}.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section} COMPONENT ${component})
  install(FILES ${bash} DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
    COMPONENT ${component})
  install(FILES ${zsh} DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions
    COMPONENT ${component})
  install(FILES ${fish} DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d
    COMPONENT ${component})
endfunction()

# debian_documents(PACKAGE COMPONENT): what Debian's policy wants in its folder of documents. For
# packages only: no part of a plain `cmake --install`.
function(debian_documents package component)
  set(source ${PROJECT_SOURCE_DIR})
  set(folder ${CMAKE_BINARY_DIR}/generated/documents)
  file(MAKE_DIRECTORY ${folder})
  if(NOT TARGET debian-documents)
    add_custom_command(
      OUTPUT ${folder}/changelog.gz ${folder}/changelog.Debian.gz
      COMMAND ${GZIP} -9nc ${source}/CHANGELOG.md > ${folder}/changelog.gz
      COMMAND ${GZIP} -9nc ${source}/loader/deploy/debian/changelog > ${folder}/changelog.Debian.gz
      DEPENDS ${source}/CHANGELOG.md ${source}/loader/deploy/debian/changelog
      COMMENT "Documents of the packages"
      VERBATIM)
    add_custom_target(debian-documents ALL
      DEPENDS ${folder}/changelog.gz ${folder}/changelog.Debian.gz)
  endif()
  install(FILES ${folder}/changelog.gz ${folder}/changelog.Debian.gz
    ${source}/loader/deploy/debian/copyright
    DESTINATION share/doc/${package} COMPONENT ${component} EXCLUDE_FROM_ALL)
endfunction()
