# SPDX-License-Identifier: GPL-2.0-or-later
# Installs the build to a temporary prefix, builds this folder against it, runs the result.
# cmake -D BUILD=... -D GENERATOR=... -D COMPILER=... [-D LAUNCHER=...] -P check.cmake
if(DEFINED ENV{TMPDIR})
  set(scratch $ENV{TMPDIR}/package_consumer)
else()
  set(scratch ${BUILD}/package_consumer)
endif()
file(REMOVE_RECURSE ${scratch})

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    string(JOIN " " command ${ARGN})
    message(NOTICE "${output}")
    message(FATAL_ERROR "${command}: ${status}")
  endif()
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${scratch}/prefix --component development)
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${scratch}/build -G ${GENERATOR}
  -D CMAKE_PREFIX_PATH=${scratch}/prefix -D CMAKE_CXX_COMPILER=${COMPILER}
  -D CMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER})
run(${CMAKE_COMMAND} --build ${scratch}/build)
run(${scratch}/build/consumer_test)
file(REMOVE_RECURSE ${scratch})
