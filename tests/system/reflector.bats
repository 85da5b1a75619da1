#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# owamp-responder as a Session-Reflector (reflectport): asked by check_owamp, and by whoever means no good.
load helper

KEY=73656372657421
KEYED4=10.86.1.12 KEYED6=fd00:86::12 # who must have it

setup_file() {
  net_up
  [[ -z ${NET_REASON:-} ]] || return 0
  CONF=$(mktemp -d /tmp/owamp-reflector-XXXXXX) # where nobody can read it again
  export CONF
  chmod 755 "$CONF"
  printf 'reflectport 862\ntwampnode :862\nuser nobody\ngroup nogroup\nverbose\n' >"$CONF/owamp-server.conf"
  printf 'router %s\n' "$KEY" >"$CONF/owamp-server.pfs"
  chown nobody "$CONF/owamp-server.pfs"
  chmod 600 "$CONF/owamp-server.pfs"
  rules "$A4" "$A6" "$B4"
  ip -n "$NS_A" address add 10.86.1.11/24 dev veth0
  ip -n "$NS_A" address add "$KEYED4/24" dev veth0
  ip -n "$NS_A" address add "$KEYED6/64" dev veth0 nodad preferred_lft 0 # never chosen unasked
  start_responder "$NS_B" -c "$CONF" -S ":0"
}

teardown_file() {
  net_down
  [[ -z ${CONF:-} ]] || rm -r "$CONF"
}

# rules NET...: these are listed, and some only with their key.
rules() {
  local net
  echo 'limit root with bandwidth=100m' >"$CONF/owamp-server.limits"
  for net in "$@"; do
    printf 'assign stamp %s root\nassign stamp %s ssid=9 key=router root\n' "$net" "$net"
  done >>"$CONF/owamp-server.limits"
  printf 'assign stamp %s ssid=9 key=router root\n' "$KEYED4" "$KEYED6" >>"$CONF/owamp-server.limits"
}

# stamp STATUS HOST [OPTION...]: twenty packets in a fifth of a second.
stamp() {
  run in_a "$CHECK_OWAMP" -H "$2" --protocol stamp --count 20 --interval 10ms --loss-timeout 300ms --json "${@:3}"
  ((status == $1)) || { echo "$status: $output"; return 1; }
}

holds() { jq -e "$1" <<<"$output" >/dev/null || { echo "not so: $1"; echo "$output"; return 1; }; }

# ask HOST CASE [ADDRESS...]: prints how many were answered.
ask() { in_a timeout 20 python3 "$BATS_TEST_DIRNAME/stamp_asker.py" "$1" 862 "$KEY" "${@:2}"; }

# count PHRASE: of the questions that weren't answered, by what SIGUSR1 logs now.
count() {
  : >"$(log_of responder)"
  kill -USR1 "$(pid_of responder)"
  wait_for_log responder 'class root: ' >/dev/null
  sed -n "s/.* \([0-9]*\) questions not answered: .*$1.*/\1/p" "$(log_of responder)" | tail -n 1
}

@test "both families and modes are measured after privileges were given up, with TLVs, DSCP and 8800 octets of padding" {
  local host
  [ "$(stat -c %U "/proc/$(pid_of responder)")" = nobody ]
  printf 'router %s\n' "$KEY" >"$BATS_TEST_TMPDIR/key.pfs"
  chmod 600 "$BATS_TEST_TMPDIR/key.pfs"
  for host in "$B4" "$B6"; do
    stamp 0 "$host" --padding 100
    holds '.mode == "open" and .reflector.stateful and ([.results[] | .sent, .received] | unique == [20])
      and ([.results[].lost] | unique == [0]) and .results[2].dwell.median > 0'
    stamp 0 "$host" --ssid 9 --key-id router --key-file "$BATS_TEST_TMPDIR/key.pfs" --dscp EF \
      --padding 8800 --tlvs timestamps,class-of-service,counters,follow-up
    holds '.mode == "authenticated" and .reflector.stateful and ([.results[] | .sent, .received] | unique == [20])
      and (.reflector.found | any(test("DSCP 46")) and any(test("answered 2[1-9]")))'
  done
  wait_for_log responder "client $A4 port [0-9]*: STAMP with SSID 9, class root, authenticated: begins"
}

@test "lengths, TLVs and forgeries: no answer is longer than its question or the base packet" {
  local host
  for host in "$B4" "$B6"; do
    ask "$host" lengths
    [ "$(ask "$host" tlvs)" = 1792 ]
  done
  [ "$(ask "$B4" forged "$KEYED4")" = 3 ]
  [ "$(ask "$B6" forged "$KEYED6")" = 3 ]
  (($(count "HMAC is wrong") >= 40))
  (($(count "longer than 9216") >= 28))
}

@test "who isn't listed, asks from a service's port or from the reflector's own hears nothing" {
  ask "$B4" strangers 10.86.1.11
  [ "$(count "lists this address")" -ge 3 ]
  ask "$B4" services
  in_b python3 "$BATS_TEST_DIRNAME/stamp_asker.py" "$B4" 862 "$KEY" loop
  [ "$(count "port below 1024")" = 6 ]
}

# twamp HOST CASE: asked from a host that no line lists.
twamp() { in_b timeout 20 python3 "$BATS_TEST_DIRNAME/twamp_asker.py" "$@"; }

@test "TWAMP's sessions: each by its tuple, stopped, refused, and gone with a connection that breaks" {
  local host
  for host in 127.0.0.1 ::1; do
    twamp "$host" sessions
    [[ $host == *:* ]] || twamp "$host" refusals
    twamp "$host" unknown
    twamp "$host" broken
  done
  wait_for_log responder 'TWAMP session ends, 22 questions came and 22 answers left'
}

@test "TWAMP in each mode and family, as check_owamp speaks it" {
  local host mode
  printf 'router %s\n' "$KEY" >"$BATS_TEST_TMPDIR/key.pfs"
  chmod 600 "$BATS_TEST_TMPDIR/key.pfs"
  for host in "$B4" "$B6"; do
    for mode in open authenticated encrypted mixed; do
      run in_a "$CHECK_OWAMP" -H "$host" --protocol twamp --count 20 --interval 5ms --loss-timeout 300ms --json \
        --dscp AF11 --padding 8800 --mode "$mode" --key-id router --key-file "$BATS_TEST_TMPDIR/key.pfs"
      ((status == 0)) || { echo "$mode: $output"; return 1; }
      holds ".mode == \"$mode\" and ([.results[] | .sent, .received] | unique == [20])
        and (.reflector.found | any(test(\"DSCP 10\")))"
    done
  done
}

@test "the list is read again, and what is no longer on it isn't answered" {
  rules 10.86.1.11/32
  kill -HUP "$(pid_of responder)"
  wait_for_log responder 'configuration read again'
  stamp 2 "$B4"
  stamp 0 "$B4" --source 10.86.1.11
  stop_responder
}
