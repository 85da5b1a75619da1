# SPDX-License-Identifier: MIT
# check_owamp against a STAMP reflector, with the habits of real ones.

load helper

setup() {
  start_reflector() { # HOST [HABIT...]: sets $port
    python3 "$BATS_TEST_DIRNAME/stamp_reflector.py" "$@" >"$BATS_TEST_TMPDIR/listening" 3>&- &
    reflector=$!
    until read -r _ port <"$BATS_TEST_TMPDIR/listening"; do
      kill -0 "$reflector"
    done
  }
  # Twenty packets in a fifth of a second.
  stamp() { # HOST [OPTION...]
    check_owamp -H "$1" -p "$port" --protocol stamp --count 20 --interval 10ms --loss-timeout 300ms "${@:2}"
  }
}

teardown() {
  [[ -z ${reflector-} ]] || kill "$reflector" || true
}

@test "both families and modes are measured, with three results" {
  local host key="$BATS_TEST_TMPDIR/key.pfs"
  printf 'router 73656372657421\n' >"$key"
  chmod 600 "$key"
  for host in 127.0.0.1 ::1; do
    start_reflector "$host" tlvs key=73656372657421
    run -0 stamp "$host" --json --ssid 9 --key-id router --key-file "$key" --padding 60 \
      --tlvs timestamps,class-of-service,counters,follow-up
    jq -e '.mode == "authenticated" and .state == "OK" and .reflector.stateful
      and ([.results[].direction] == ["forward", "reverse", "round-trip"])
      and ([.results[] | .sent, .received] | unique == [20]) and .results[2].dwell.median > 0
      and .rtt_loss == 0 and (.reflector.found | any(test("NTP")))' <<<"$output"
    kill "$reflector"
    start_reflector "$host"
    run -0 stamp "$host" -w rtt_p95=10s,dwell=10s,loss=1%
    [[ $output == "STAMP OK - round-trip "*"0 % lost, forward "*"0 % lost, reverse "*"|"*" rtt_loss=0%;;;0;100 "* ]]
    kill "$reflector"
  done
  reflector=
}

@test "losses are told by direction where the reflector counts, and nowhere else" {
  start_reflector 127.0.0.1 lose=6/0
  run -0 stamp 127.0.0.1 --json
  jq -e '[.results[] | .lost] as [$there, $back, $both] | $there == $both and $there > 1 and $back == 0' <<<"$output"
  kill "$reflector"
  start_reflector 127.0.0.1 stateless lose=6/0
  run -1 stamp 127.0.0.1 --json -w rtt_loss=1%
  jq -e '.results[2].lost > 1 and (.results[:2] | all(.loss_unknown and (has("lost") or has("sent") | not)))
    and .findings[0].metric == "rtt_loss"' <<<"$output"
  run -3 stamp 127.0.0.1 -w loss=1%
  [[ $output == *"forward loss unknown"*"fwd_loss=U"* ]]
}

@test "habits are told, and strangers' answers are no answers" {
  start_reflector 127.0.0.1 bare no-ssid same-stamps times=50
  run -0 stamp 127.0.0.1 -v --ssid 9 --padding 200
  [[ $output == *"ignores the SSID"*"shorter than the questions"*"are the same"* ]]
  kill "$reflector"
  printf 'router 00\n' >"$BATS_TEST_TMPDIR/key.pfs"
  chmod 600 "$BATS_TEST_TMPDIR/key.pfs"
  start_reflector 127.0.0.1 key=00 wrong-hmac
  run -2 stamp 127.0.0.1 --key-id router --key-file "$BATS_TEST_TMPDIR/key.pfs"
  [[ $output == "STAMP CRITICAL - round-trip nothing arrived (20/20 lost)"*"wrong HMAC"* ]]
  kill "$reflector"
  reflector=
  run -2 stamp 127.0.0.1
  [[ $output == "STAMP CRITICAL - no reflector at 127.0.0.1 port $port: Connection refused"* ]]
}
