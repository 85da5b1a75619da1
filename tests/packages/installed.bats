#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The packages, installed in a clean root: their faces work, nothing starts by itself, and nothing is left behind.
# shellcheck disable=SC2016 # what is in single quotes is for the root's shell
load helper

setup_file() { packages_up; }

@test "together: each face works from the installed files, with the distribution's daemons; then nothing is left" {
  local before after
  new_root
  before=$(inventory)
  install "${ALL[@]}"
  in_root bash -ec 'for test in measure collectd snmp; do echo "== $test"; "/tests/$test"; done'
  # Nobody enabled anything.
  [[ $(find "$ROOT/etc/systemd" -name '*owamp*') == '' ]]
  # For its group it is 2750: the 7 is Debian-snmp's, by an ACL.
  [[ $(in_root stat -c '%a %U %G' /run/owamp) == '2770 root owamp' ]]
  in_root dpkg --remove "${ALL[@]}"
  [[ -e $ROOT/etc/owamp-responder/owamp-server.conf && ! -e $ROOT/usr/sbin/owamp-responder ]]
  # Passphrases that were put beside the conffiles go with them.
  echo 'monitor 00' >"$ROOT/etc/owamp-responder/owamp-server.pfs"
  in_root dpkg --purge "${ALL[@]:0:4}"
  after=$(inventory)
  diff <(echo "$before") <(echo "$after")
}

@test "the examples that the manual pages name are there, and the programs find no fault in them" {
  local examples=/usr/share/doc/owamp-plugins/examples file
  new_root
  install "${ALL[@]}"
  in_root owamp-responder --check -c "$examples/responder"
  in_root owamp-agentx --check -C -c "$examples/snmp/owamp-agentx.conf"
  in_root owamp-agentx --check
  for file in owamp responder; do
    printf 'FQDNLookup false\nInclude "%s"\n' "$examples/collectd/$file.conf" >"$ROOT/etc/collectd/collectd.conf"
    in_root collectd -t 2>&1 | tee "$BATS_TEST_TMPDIR/log"
    [[ ${PIPESTATUS[0]} == 0 ]]
    run ! grep -E 'owamp plugin: .*(refused|unknown)' "$BATS_TEST_TMPDIR/log"
  done
  # Whatever path of the packages' a manual page names.
  for file in $(cd "$ROOT/usr/share/man" && zgrep -ohE '/(usr/share|etc)/[a-z0-9/.-]*owamp[A-Za-z0-9/.-]*' man*/*owamp* |
    sed 's/[.]$//' | sort -u); do
    case $file in
      /etc/owamp-server/* | /etc/owamp-server | /etc/owamp/* | *.pfs) ;; # owampd's, and keys that a reader makes
      *) [[ -e $ROOT$file ]] || { echo "named, but not there: $file" && return 1; } ;;
    esac
  done
}
