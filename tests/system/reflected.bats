#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# check_owamp against a STAMP reflector, with the habits of real ones.
load helper

setup() { reflector=; }

teardown() { stop_reflector; }

# start_reflector HOST [HABIT...]: sets $port
start_reflector() {
  local listening=$BATS_TEST_TMPDIR/listening
  mkfifo "$listening"
  python3 "$BATS_TEST_DIRNAME/stamp_reflector.py" "$@" >"$listening" 3>&- &
  reflector=$!
  read -r _ port <"$listening"
  rm "$listening"
}

stop_reflector() {
  [[ -n $reflector ]] || return 0
  kill "$reflector"
  wait "$reflector" || true
  reflector=
}

# stamp STATUS HOST [OPTION...]: twenty packets in a fifth of a second.
stamp() {
  run "$CHECK_OWAMP" -H "$2" -p "$port" --protocol stamp --count 20 --interval 10ms --loss-timeout 300ms "${@:3}"
  ((status == $1)) || { echo "$status: $output"; return 1; }
}

# holds FILTER: the JSON output fulfils the jq filter.
holds() { jq -e "$1" <<<"$output" >/dev/null || { echo "not so: $1"; echo "$output"; return 1; }; }

# says PATTERN: the output is like it.
says() {
  # shellcheck disable=SC2053
  [[ $output == $1 ]] || { echo "not so: $1"; echo "$output"; return 1; }
}

# key HEX: a key file with it, of the KeyID router.
key() {
  KEY=(--key-id router --key-file "$BATS_TEST_TMPDIR/key.pfs")
  echo "router $1" >"$BATS_TEST_TMPDIR/key.pfs"
  chmod 600 "$BATS_TEST_TMPDIR/key.pfs"
}

@test "both families and modes are measured, with three results" {
  local host
  key 73656372657421
  for host in 127.0.0.1 ::1; do
    start_reflector "$host" tlvs key=73656372657421
    stamp 0 "$host" --json --ssid 9 "${KEY[@]}" --padding 60 --tlvs timestamps,class-of-service,counters,follow-up
    holds '.mode == "authenticated" and .state == "OK" and .reflector.stateful
      and ([.results[].direction] == ["forward", "reverse", "round-trip"])
      and ([.results[] | .sent, .received] | unique == [20]) and .results[2].dwell.median > 0
      and .rtt_loss == 0 and (.reflector.found | any(test("NTP")))'
    stop_reflector
    start_reflector "$host"
    stamp 0 "$host" -w rtt_p95=10s,dwell=10s,loss=1%
    says 'STAMP OK - round-trip *, 0 % lost, forward *, 0 % lost, reverse *|* rtt_loss=0%;;;0;100 *'
    stop_reflector
  done
}

@test "losses are told by direction where the reflector counts, and nowhere else" {
  start_reflector 127.0.0.1 lose=6/0
  stamp 0 127.0.0.1 --json
  # shellcheck disable=SC2016 # jq's variables
  holds '[.results[] | .lost] as [$there, $back, $both] | $there == $both and $there == 3 and $back == 0'
  stop_reflector
  start_reflector 127.0.0.1 stateless lose=6/0
  stamp 1 127.0.0.1 --json -w rtt_loss=1%
  holds '.results[2].lost == 3 and (.results[:2] | all(.loss_unknown and (has("lost") or has("sent") | not)))
    and .findings[0].metric == "rtt_loss"'
  stamp 3 127.0.0.1 -w loss=1%
  says '*forward loss unknown*fwd_loss=U*'
}

@test "habits are told, and what is no answer counts for none" {
  start_reflector 127.0.0.1 bare no-ssid same-stamps times=50
  stamp 0 127.0.0.1 -v --ssid 9 --padding 200
  says '*ignores the SSID*shorter than the questions*are the same*'
  stop_reflector
  key 00
  start_reflector 127.0.0.1 key=00 wrong-hmac
  stamp 2 127.0.0.1 "${KEY[@]}"
  says 'STAMP CRITICAL - *nothing arrived (20/20 lost)*wrong HMAC*'
  stop_reflector
  stamp 2 127.0.0.1
  says "STAMP CRITICAL - no reflector at 127.0.0.1 port $port: Connection refused*--protocol stamp --diagnose"
}

@test "diagnosis tells which protocol answers, and measures the one that was asked for" {
  start_reflector 127.0.0.1 stateless
  stamp 0 127.0.0.1 --diagnose --json
  holds '[.diagnosis[] | .step] == ["resolve", "reflector", "packets", "counting", "DSCP", "TTL", "clock here", "clock there", "clock step", "protocols"]
    and (.diagnosis[] | select(.step == "protocols") | .finding == "ok" and (.found | startswith("STAMP answers (UDP")))
    and (.diagnosis[] | select(.step == "counting") | .finding == "remark")'
  stop_reflector
  stamp 2 127.0.0.1 --diagnose --json
  holds '.diagnosis[] | select(.step == "reflector") | .finding == "FAILED" and (.found | test("Connection refused"))'
}
