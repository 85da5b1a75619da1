#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# `cmake --install`: everything is in its place below any prefix, says where it is, and works from there.
# shellcheck disable=SC2154 # `run` of Bats sets stderr

load helper

setup_file() {
  export ROOT=$BATS_FILE_TMPDIR/root PREFIX=/opt/owamp
  DESTDIR=$ROOT cmake --install "$OWAMP_BUILD" --prefix "$PREFIX" >"$BATS_FILE_TMPDIR/install.log" 2>&1
}

setup() { :; } # no namespace is needed

@test "every file is in its place, below the prefix and DESTDIR alone" {
  local file
  [[ $(cd "$ROOT" && find . -type f ! -path "./opt/owamp/*") == '' ]]
  for file in sbin/owamp-responder sbin/owamp-agentx lib/nagios/plugins/check_owamp lib/collectd/owamp.so \
    lib/systemd/system/owamp-{responder.service,responder{,-udp,-twamp,-reflect}.socket,agentx.service} lib/sysusers.d/owamp.conf \
    lib/tmpfiles.d/owamp{,-agentx}.conf share/snmp/mibs/OWAMP-MIB.txt \
    share/bash-completion/completions/{check_owamp,owamp-responder,owamp-agentx} \
    share/doc/owamp-plugins/{README.md,examples/firewall/firewalld/owamp-responder{,-twamp}.xml}; do
    [[ -s $ROOT$PREFIX/$file ]] || { echo "missing: $file" && return 1; }
  done
  for file in "$BATS_TEST_DIRNAME"/../../docs/man/*; do
    [[ -s $ROOT$PREFIX/share/man/man${file##*.}/${file##*/} ]] || { echo "missing: $file" && return 1; }
  done
  diff -r "$BATS_TEST_DIRNAME/../../docs/examples" "$ROOT$PREFIX/share/doc/owamp-plugins/examples" |
    grep -v '^Only in .*: firewall$' && return 1
  [[ -x $ROOT$PREFIX/share/doc/owamp-plugins/examples/collectd/graph.sh ]]
}

# hardened FILE: position-independent, nothing writable that need not be, each of its sources compiled with the flags of
# cmake/OwampHardening.cmake.
hardened() {
  local headers dynamic producers flag flags=(-fstack-protector-strong -fstack-clash-protection -ftrivial-auto-var-init=zero)
  headers=$(readelf --wide --file-header --program-headers "$1")
  dynamic=$(readelf --wide --dynamic "$1")
  grep -qE 'Type: +DYN' <<<"$headers"
  grep -q 'GNU_RELRO' <<<"$headers"
  grep -qE 'BIND_NOW|Flags: .*NOW' <<<"$dynamic"
  grep -qE 'GNU_STACK .* RW ' <<<"$headers"
  run ! grep -E ' RWE ' <<<"$headers"
  run ! grep -E 'TEXTREL|RPATH|RUNPATH' <<<"$dynamic"
  nm -D --undefined-only "$1" | grep -q '__stack_chk_fail'
  nm -D --undefined-only "$1" | grep -qE '__[a-z]+_chk'
  # gcc writes its options into what debuggers read.
  producers=$(readelf --string-dump=.debug_str "$1" 2>/dev/null | grep -F 'GNU C') || true
  [[ $(uname -m) != x86_64 ]] || flags+=(-fcf-protection)
  for flag in "${flags[@]}"; do
    run ! grep -vF -- "$flag" <<<"$producers"
  done
  [[ -n $producers ]]
}

@test "what is installed is hardened, and so is all that it was compiled from" {
  local file
  command -v readelf >/dev/null || skip "no binutils"
  grep -q '^CMAKE_BUILD_TYPE:STRING=RelWithDebInfo$' "$OWAMP_BUILD/CMakeCache.txt" || skip "another build than release"
  for file in sbin/owamp-responder sbin/owamp-agentx lib/nagios/plugins/check_owamp lib/collectd/owamp.so; do
    hardened "$ROOT$PREFIX/$file" || { echo "not hardened: $file" && return 1; }
  done
  # What is defined is told by no file.
  [[ $(jq '[.[] | select(.file | test("/(core|plugins)/")) | .command | contains("-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3")] | all' \
    "$OWAMP_BUILD/compile_commands.json") == true ]]
}

@test "the units start what was installed, and nothing names another prefix" {
  local unit
  for unit in responder agentx; do
    grep -qx "ExecStart=$PREFIX/sbin/owamp-$unit -f \$OPTIONS" "$ROOT$PREFIX/lib/systemd/system/owamp-$unit.service"
  done
  grep -qx "ExecStartPre=+$PREFIX/sbin/owamp-responder --open-ports \$OPTIONS" "$ROOT$PREFIX/lib/systemd/system/owamp-responder.service"
  run grep -rlE '@[A-Z_]+@|/usr/local' "$ROOT$PREFIX/lib" --include='*.service' --include='*.socket' --include='*.conf'
  [[ -z $output ]]
}

# says UNIT LINE...: the unit has these lines.
says() {
  local unit=$1 line
  shift
  for line in "$@"; do
    grep -qxF -- "$line" "$unit" || { echo "${unit##*/} lacks: $line" && return 1; }
  done
}

@test "without libsystemd, unwanted or lacking, the units promise nothing that the programs can't do" {
  local build=$BATS_TEST_TMPDIR/build lacking=$BATS_TEST_TMPDIR/pkg-config way units
  # It knows all packages but that one.
  printf '#!/bin/sh\ncase "$*" in *libsystemd*) exit 1 ;; esac\nexec %s "$@"\n' "$(command -v pkg-config)" >"$lacking"
  chmod +x "$lacking"
  for way in OWAMP_SYSTEMD=OFF PKG_CONFIG_EXECUTABLE="$lacking"; do
    rm -rf "$build"
    run cmake -S "$BATS_TEST_DIRNAME/../.." -B "$build" -D OWAMP_TESTS=OFF -D "$way"
    [[ $status == 0 && $output == *'the daemons are built without libsystemd'* ]] || { echo "$output" && return 1; }
    # The units need nothing that is built.
    DESTDIR=$build/root cmake -D CMAKE_INSTALL_PREFIX="$PREFIX" -D CMAKE_INSTALL_LOCAL_ONLY=1 -P "$build/cmake_install.cmake" >"$BATS_TEST_TMPDIR/log"
    units=$build/root$PREFIX/lib/systemd/system
    says "$units/owamp-responder.service" Type=exec "ExecReload=/bin/kill -HUP \$MAINPID" \
      "# Built without libsystemd, it opens them itself: ExecStartPre=+$PREFIX/sbin/owamp-responder --open-ports \$OPTIONS" \
      {AmbientCapabilities,CapabilityBoundingSet}=CAP_NET_BIND_SERVICE PrivateUsers=no
    says "$units/owamp-agentx.service" Type=exec "ExecReload=/bin/kill -HUP \$MAINPID"
    run grep -E '^(WatchdogSec|ExecStartPre=.*--open-ports)' "$units"/owamp-*.service
    [[ -z $output ]]
  done
}

@test "systemd finds no fault in the units" {
  command -v systemd-analyze >/dev/null || skip "no systemd-analyze"
  # It wants the programs to be there, and users and manual pages of the host.
  sed -i "s,^\(ExecStart.*=+*\)$PREFIX,\1$ROOT$PREFIX," "$ROOT$PREFIX"/lib/systemd/system/owamp-*.service
  run --separate-stderr systemd-analyze verify --man=no "$ROOT$PREFIX"/lib/systemd/system/owamp-*
  sed -i "s,^\(ExecStart.*=+*\)$ROOT$PREFIX,\1$PREFIX," "$ROOT$PREFIX"/lib/systemd/system/owamp-*.service
  [[ $status == 0 ]]
  [[ $stderr != *owamp* ]]
}

@test "the units leave the programs little: what systemd-analyze finds exposed stays below its bound" {
  local unit
  command -v systemd-analyze >/dev/null || skip "no systemd-analyze"
  # Tenths. Three checks of each are the price of adjtimex(2), by which the clock's error is read; the network is what they are for.
  for unit in responder agentx; do
    run systemd-analyze security --offline=true --no-pager --threshold=15 "$ROOT$PREFIX/lib/systemd/system/owamp-$unit.service"
    [[ $status == 0 ]] || { echo "$output" && return 1; }
  done
}

@test "the installed programs work together" {
  local port
  "$ROOT$PREFIX/sbin/owamp-responder" -f -S 127.0.0.1:0 >"$(log_of responder)" 2>&1 3>&- &
  echo $! >"$BATS_FILE_TMPDIR/responder.pid"
  wait_for_log responder 'listening on'
  port=$(sed -n 's/.*listening on .* port \([0-9]*\)$/\1/p' "$(log_of responder)")
  run "$ROOT$PREFIX/lib/nagios/plugins/check_owamp" -H 127.0.0.1 -p "$port" --count 10 --interval 10ms
  kill "$(pid_of responder)"
  [[ $status == 0 && $output == 'OWAMP OK'* ]]
}

# complete WORD...: what bash offers for the last one.
complete_words() {
  local folder=$ROOT$PREFIX/share/bash-completion/completions
  bash -c 'source "$1/$2"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); "_${1//-/_}"; printf "%s\n" "${COMPREPLY[@]}"' \
    _ "$folder" "$@" 2>/dev/null
}

@test "bash completes every option that --help names, and the values that have names" {
  local option
  for option in $("$CHECK_OWAMP" --help | grep -oE '^ +(-., )?--[a-z0-9-]+' | grep -oE -- '--[a-z0-9-]+'); do
    complete_words check_owamp "$option" | grep -qxF -- "$option" || { echo "not offered: $option" && return 1; }
  done
  [[ $(complete_words check_owamp --direction = '') == $'both\nforward\nreverse' ]]
  [[ $(complete_words check_owamp --timeout-state w) == warning ]]
  [[ $(complete_words check_owamp -w '') == '' ]]
  [[ $(complete_words owamp-responder --ch) == --check ]]
  [[ $(complete_words owamp-responder -c "$ROOT") == "$ROOT" ]]
  [[ $(complete_words owamp-agentx --ch) == --check ]]
  [[ $(complete_words owamp-agentx -u roo) == root ]]
}
