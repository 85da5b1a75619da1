#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# check_owamp against a TWAMP server, with the habits of real ones.
# shellcheck disable=SC2016 # what jq calls variables
load helper

setup() { server=; }

teardown() { stop_server; }

# start_server HOST [HABIT...]: sets $port
start_server() {
  local listening=$BATS_TEST_TMPDIR/listening
  mkfifo "$listening"
  python3 "$BATS_TEST_DIRNAME/twamp_server.py" "$@" >"$listening" 3>&- &
  server=$!
  read -r _ port <"$listening"
  rm "$listening"
}

stop_server() {
  [[ -n $server ]] || return 0
  kill "$server"
  wait "$server" || true
  server=
}

# twamp STATUS HOST [OPTION...]: twenty packets in a fifth of a second.
twamp() {
  run "$CHECK_OWAMP" -H "$2" -p "$port" --protocol twamp --count 20 --interval 10ms --loss-timeout 300ms "${@:3}"
  ((status == $1)) || { echo "$status: $output"; return 1; }
}

# holds FILTER: the JSON output fulfils the jq filter.
holds() { jq -e "$1" <<<"$output" >/dev/null || { echo "not so: $1"; echo "$output"; return 1; }; }

# says PATTERN: the output is like it.
says() {
  # shellcheck disable=SC2053
  [[ $output == $1 ]] || { echo "not so: $1"; echo "$output"; return 1; }
}

@test "both families are measured, with three results" {
  local host
  for host in 127.0.0.1 ::1; do
    start_server "$host" modes=321 tos=41
    twamp 0 "$host" --json --padding 60
    holds '.mode == "open" and .state == "OK" and ([.results[].direction] == ["forward", "reverse", "round-trip"])
      and ([.results[] | .sent, .received] | unique == [20]) and .results[2].dwell.median > 0
      and .rtt_loss == 0 and (.reflector.found | any(test("DSCP 10, ECN 1")))'
    twamp 0 "$host" -w rtt_p95=10s,dwell=10s,loss=1%
    says 'TWAMP OK - round-trip *, 0 % lost, forward *, 0 % lost, reverse *|* rtt_loss=0%;;;0;100 *'
    stop_server
  done
}

@test "losses are told by direction where the reflector counts, and nowhere else" {
  start_server 127.0.0.1 lose=6/0
  twamp 0 127.0.0.1 --json
  holds '[.results[] | .lost] as [$there, $back, $both] | $there == $both and $there == 3 and $back == 0'
  stop_server
  start_server 127.0.0.1 lose=0/6
  twamp 0 127.0.0.1 --json
  holds '[.results[] | .lost] as [$there, $back, $both] | $back == $both and $back == 3 and $there == 0'
  stop_server
  start_server 127.0.0.1 stateless lose=6/0
  twamp 1 127.0.0.1 --json -w rtt_loss=1%
  holds '.results[2].lost == 3 and (.results[:2] | all(.loss_unknown and (has("lost") or has("sent") | not)))
    and .findings[0].metric == "rtt_loss" and (.reflector.stateful | not)'
}

@test "what a server refuses is told, and what it is if it is no TWAMP server" {
  start_server 127.0.0.1 accept=5
  twamp 3 127.0.0.1
  says "TWAMP UNKNOWN - *refused the session: a temporary resource limit (Accept 5)*"
  stop_server
  start_server 127.0.0.1 start=2
  twamp 3 127.0.0.1
  says "TWAMP UNKNOWN - *refused to start the session: an internal error (Accept 2)*"
  stop_server
  start_server 127.0.0.1 owamp
  twamp 2 127.0.0.1
  says "TWAMP CRITICAL - *is it an OWAMP server, and not TWAMP's?*"
  twamp 3 127.0.0.1 --mode mixed
  says "TWAMP UNKNOWN - *mixed mode needs a KeyID*"
  stop_server
  start_server 127.0.0.1 closes=0.1
  twamp 2 127.0.0.1
  says "TWAMP * - *the server closed the connection while the sessions were running*"
  stop_server
  twamp 2 127.0.0.1
  says "TWAMP CRITICAL - *Connection refused*"
}
