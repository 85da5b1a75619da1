# SPDX-License-Identifier: MIT
# OWAMP_VERSION: the project's version, and in a checkout whose commit isn't tagged v<version> also which commit it is,
# as git-describe(1) tells it. Only what includes "base/version.h" is built anew for another commit.
set(OWAMP_VERSION ${PROJECT_VERSION})
find_package(Git QUIET)
if(Git_FOUND AND EXISTS ${CMAKE_SOURCE_DIR}/.git)
  execute_process(COMMAND ${GIT_EXECUTABLE} describe --tags --always --match v${PROJECT_VERSION}
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} OUTPUT_VARIABLE described ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(described MATCHES "^v${PROJECT_VERSION}(.*)$")
    string(APPEND OWAMP_VERSION "${CMAKE_MATCH_1}")
  elseif(described)
    string(APPEND OWAMP_VERSION "-g${described}")
  endif()
  execute_process(COMMAND ${GIT_EXECUTABLE} rev-parse --git-path logs/HEAD
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} OUTPUT_VARIABLE log ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
  cmake_path(ABSOLUTE_PATH log BASE_DIRECTORY ${CMAKE_SOURCE_DIR})
  if(log AND EXISTS ${log} AND NOT IS_DIRECTORY ${log})
    set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${log})
  endif()
endif()
configure_file(${CMAKE_SOURCE_DIR}/cmake/version.h.in ${CMAKE_BINARY_DIR}/generated/base/version.h @ONLY)
