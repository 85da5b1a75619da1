# SPDX-License-Identifier: MIT
# owamp_harden(TARGET): whoever links it is built so that a fault in memory ends the program, and isn't a way into it: each flag
# where the compiler takes it. tests/system/install.bats looks for them in what was built.
include(CheckCCompilerFlag)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)

set(OWAMP_OPTIMISED $<CONFIG:Release,RelWithDebInfo,MinSizeRel,None>) # None: a distribution's own flags

function(owamp_harden target)
  set(flags -fstack-protector-strong -fstack-clash-protection)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64|i[3-6]86)$")
    list(APPEND flags -fcf-protection)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
    list(APPEND flags -mbranch-protection=standard)
  endif()
  foreach(flag IN LISTS flags)
    string(MAKE_C_IDENTIFIER "OWAMP_TAKES${flag}" known)
    check_c_compiler_flag(${flag} ${known})
    if(${known})
      target_compile_options(${target} INTERFACE ${flag})
    endif()
  endforeach()
  # Not where nothing is optimised: it is there that valgrind and the sanitizers look for what was never set.
  check_c_compiler_flag(-ftrivial-auto-var-init=zero OWAMP_TAKES_TRIVIAL_AUTO_VAR_INIT)
  if(OWAMP_TAKES_TRIVIAL_AUTO_VAR_INIT)
    target_compile_options(${target} INTERFACE $<${OWAMP_OPTIMISED}:-ftrivial-auto-var-init=zero>)
  endif()
  # A sanitizer has interceptors of its own for what this would rename.
  if(NOT OWAMP_SANITIZE)
    target_compile_options(${target} INTERFACE $<${OWAMP_OPTIMISED}:-U_FORTIFY_SOURCE> $<${OWAMP_OPTIMISED}:-D_FORTIFY_SOURCE=3>)
  endif()
  target_link_options(${target} INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
endfunction()
