# SPDX-License-Identifier: MIT
# A room is one folder under core/ and one static library, owamp_<room>.
#   owamp_room(<room> [USES <room>...] [LIBRARIES <target>...])
# USES names the rooms that this one may include from; tests/arch checks that
# no source file reaches beyond them.

add_library(owamp_options INTERFACE)
target_compile_definitions(owamp_options INTERFACE _GNU_SOURCE)
target_include_directories(owamp_options INTERFACE ${CMAKE_BINARY_DIR}/generated)
target_compile_options(owamp_options INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes
  -Wpointer-arith -Wcast-qual -Wwrite-strings -Wvla -Wswitch-enum
  -fno-strict-aliasing)
owamp_harden(owamp_options)
owamp_parts(owamp_options)
if(OWAMP_WERROR)
  target_compile_options(owamp_options INTERFACE -Werror)
endif()
if(OWAMP_SANITIZE)
  target_compile_options(owamp_options INTERFACE
    -fsanitize=${OWAMP_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(owamp_options INTERFACE -fsanitize=${OWAMP_SANITIZE})
endif()
if(OWAMP_FUZZ)
  target_compile_options(owamp_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

function(owamp_room room)
  cmake_parse_arguments(ROOM "" "" "USES;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${room}/*.c)
  list(FILTER sources EXCLUDE REGEX "/main\\.c$")
  if(sources)
    set(kind PUBLIC)
    add_library(owamp_${room} STATIC ${sources})
    set_property(GLOBAL APPEND PROPERTY OWAMP_ROOMS ${room})
  else()
    set(kind INTERFACE)
    add_library(owamp_${room} INTERFACE)
  endif()
  target_include_directories(owamp_${room} ${kind} ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(owamp_${room} ${kind} owamp_options)
  foreach(used IN LISTS ROOM_USES)
    target_link_libraries(owamp_${room} ${kind} owamp_${used})
  endforeach()
  target_link_libraries(owamp_${room} ${kind} ${ROOM_LIBRARIES})
endfunction()
