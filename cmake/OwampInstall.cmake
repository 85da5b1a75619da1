# SPDX-License-Identifier: MIT
# Where things go that CMake has no name for; relative ones are below the prefix, whichever the installation is given.
set(OWAMP_NAGIOS_PLUGINDIR lib/nagios/plugins CACHE STRING "Where check_owamp is installed")
# Debian's collectd looks in /usr/lib/collectd, without an architecture.
set(OWAMP_COLLECTD_PLUGINDIR lib/collectd CACHE STRING "Where owamp.so is installed")
set(OWAMP_SYSTEMD_UNITDIR lib/systemd/system CACHE STRING "Where systemd's units are installed")
set(OWAMP_SYSUSERSDIR lib/sysusers.d CACHE STRING "Where systemd-sysusers looks")
set(OWAMP_TMPFILESDIR lib/tmpfiles.d CACHE STRING "Where systemd-tmpfiles looks")
set(OWAMP_COMPLETIONDIR ${CMAKE_INSTALL_DATADIR}/bash-completion/completions CACHE STRING
    "Where bash looks for completions")

# What a unit can say of a program that tells systemd how it is, and what one of a program that can't. systemd waits for the end
# of a reload from 253 on.
function(owamp_service systemd version)
  set(ports "set(KEPT \"\")\nset(CAPABILITIES \"\")\nset(PRIVATE_USERS yes)\n")
  if(NOT systemd)
    set(type exec)
    set(watchdog "")
    set(ports "set(KEPT \"# Built without libsystemd, it opens them itself: \")\nset(CAPABILITIES CAP_NET_BIND_SERVICE)\nset(PRIVATE_USERS no)\n")
  elseif(version VERSION_LESS 253)
    set(type notify)
    set(watchdog "WatchdogSec=30")
  else()
    set(type notify-reload)
    set(watchdog "WatchdogSec=30")
  endif()
  set(reload "ExecReload=/bin/kill -HUP \\\$MAINPID")
  if(type STREQUAL notify-reload)
    set(reload "")
  endif()
  set(OWAMP_SERVICE "${ports}set(TYPE \"${type}\")\nset(WATCHDOG \"${watchdog}\")\nset(RELOAD \"${reload}\")\n" PARENT_SCOPE)
endfunction()

# owamp_install_configured(FOLDER FILE.in...): each without its .in; @SBINDIR@ and the like are where the programs really
# are, also with `cmake --install --prefix`. DESTDIR is no part of them.
function(owamp_install_configured folder)
  set(code "${OWAMP_SERVICE}")
  foreach(place "SBINDIR ${CMAKE_INSTALL_SBINDIR}" "folder ${folder}")
    string(REGEX REPLACE " .*" "" name ${place})
    string(REGEX REPLACE "^[^ ]* " "" where ${place})
    string(APPEND code "set(${name} \"${where}\")\n"
      "cmake_path(ABSOLUTE_PATH ${name} BASE_DIRECTORY \"\${CMAKE_INSTALL_PREFIX}\" NORMALIZE)\n")
  endforeach()
  foreach(file IN LISTS ARGN)
    cmake_path(GET file FILENAME name)
    string(REGEX REPLACE "\\.in$" "" name ${name})
    set(made ${CMAKE_CURRENT_BINARY_DIR}/installed/${name})
    string(APPEND code "configure_file(\"${CMAKE_CURRENT_SOURCE_DIR}/${file}\" \"${made}\" @ONLY)\n"
      "file(INSTALL DESTINATION \"\${folder}\" TYPE FILE FILES \"${made}\")\n")
  endforeach()
  install(CODE "${code}")
endfunction()

# owamp_complete(TARGET): bash's completion of a program, made from its --help.
function(owamp_complete target)
  if(OWAMP_SANITIZE OR CMAKE_CROSSCOMPILING) # what is built isn't run, or not everywhere
    return()
  endif()
  set(made ${CMAKE_CURRENT_BINARY_DIR}/completion/${target})
  set(maker ${CMAKE_SOURCE_DIR}/packaging/completion/make)
  add_custom_command(OUTPUT ${made}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_CURRENT_BINARY_DIR}/completion
    COMMAND ${maker} $<TARGET_FILE:${target}> ${made}
    DEPENDS ${target} ${maker} VERBATIM)
  add_custom_target(${target}-completion ALL DEPENDS ${made})
  install(FILES ${made} DESTINATION ${OWAMP_COMPLETIONDIR})
endfunction()
