# SPDX-License-Identifier: MIT
# owamp_whole(TARGET): a program that is optimised across its files, if it is optimised at all, and where the compiler is gcc:
# it gets smaller, and what runs for a packet lies together, which tells on a host that sleeps between two of them. Tests put
# parts of their own in the place of the engine's when they are linked, so objects hold machine code, too.
option(OWAMP_LTO "Optimise the programs across their files (gcc)" ON)
include(CheckCCompilerFlag)
check_c_compiler_flag(-flto=auto OWAMP_TAKES_LTO) # a gcc may be built without it

function(owamp_whole target)
  set_property(TARGET ${target} PROPERTY OWAMP_WHOLE ON)
endfunction()

# owamp_parts(TARGET): who links it is compiled so that it can be part of such a program.
function(owamp_parts target)
  if(OWAMP_LTO AND OWAMP_TAKES_LTO AND CMAKE_C_COMPILER_ID STREQUAL GNU)
    target_compile_options(${target} INTERFACE $<${OWAMP_OPTIMISED}:-flto=auto> $<${OWAMP_OPTIMISED}:-ffat-lto-objects>)
    target_link_options(${target} INTERFACE $<IF:$<AND:${OWAMP_OPTIMISED},$<BOOL:$<TARGET_PROPERTY:OWAMP_WHOLE>>>,-flto=auto,-fno-lto>)
  endif()
endfunction()
