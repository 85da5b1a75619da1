# SPDX-License-Identifier: MIT
# Real measurements between two hosts: every mode, direction and family, loss, thresholds, limits, faults.
load helper

setup_file() {
  net_up
  [[ -z ${NET_REASON:-} ]] || return 0
  export CONF=$BATS_FILE_TMPDIR/conf KEYS=$BATS_FILE_TMPDIR/keys.pfs
  mkdir -p "$CONF"
  echo 'monitor 636f727265637420686f727365' >"$KEYS"
  cp "$KEYS" "$CONF/owamp-server.pfs"
  chmod 600 "$KEYS" "$CONF/owamp-server.pfs"
  printf 'testports 9000-9020\nrootfolly\n' >"$CONF/owamp-server.conf"
  printf 'limit root with allow_open_mode=on\nassign default root\n' >"$CONF/owamp-server.limits"
  start_responder "$NS_B" -c "$CONF" -S "[::]:0" >/dev/null
  export PORT6=$RESPONDER_PORT
  mv "$(log_of responder)" "$(log_of responder6)"
  mv "$BATS_FILE_TMPDIR/responder.pid" "$BATS_FILE_TMPDIR/responder6.pid"
  start_responder "$NS_B" -c "$CONF" -S "$B4:0"
  export PORT4=$RESPONDER_PORT
}

teardown_file() { net_down; }

# check ADDRESS PORT OPTION...: run check_owamp with a short schedule and its JSON output.
check() {
  local address=$1 port=$2 pace=(--interval 5ms)
  shift 2
  [[ $* == *--schedule* ]] && pace=()
  run in_a "$CHECK_OWAMP" -H "$address" -p "$port" --count 20 "${pace[@]}" --loss-timeout 300ms --json \
    --key-id monitor --key-file "$KEYS" "$@"
}

# holds FILTER: the JSON output fulfils the jq filter.
holds() { jq -e "$1" <<<"$output" >/dev/null || { echo "not so: $1"; echo "$output"; return 1; }; }

@test "every mode, direction and family measures all packets" {
  local mode direction family
  for mode in open authenticated encrypted; do
    for direction in both forward reverse; do
      for family in 4 6; do
        if ((family == 4)); then check "$B4" "$PORT4" --mode $mode --direction $direction; else
          check "$B6" "$PORT6" --mode $mode --direction $direction
        fi
        echo "$mode $direction IPv$family: $output"
        [ "$status" -eq 0 ]
        holds ".mode == \"$mode\" and .state == \"OK\""
        holds 'all(.results[]; .completeness == "complete" and .sent == 20 and .received == 20 and .lost == 0 and
          .duplicates == 0 and .hops.min == 0 and .hops.max == 0)'
        holds "[.results[].direction] == $([[ $direction == both ]] && echo '["forward","reverse"]' || echo "[\"$direction\"]")"
      done
    done
  done
}

@test "padding, DSCP, an own port range and a mixed schedule are kept" {
  check "$B4" "$PORT4" --padding 1000 --dscp EF --ports 7000-7010 --schedule exp:5ms,fixed:2ms
  echo "$output"
  [ "$status" -eq 0 ]
  holds '.results[0].sender.port | . >= 7000 and . <= 7010'
  holds '.results[0].receiver.port | . >= 9000 and . < 9030'
  holds '.results[1].receiver.port | . >= 7000 and . <= 7010'
}

# The largest datagram that IPv4 carries in a keyed mode, in fragments.
@test "the most padding arrives in every mode and family" {
  local mode target
  for mode in open encrypted; do
    for target in "$B4 $PORT4" "$B6 $PORT6"; do
      # shellcheck disable=SC2086
      check $target --mode "$mode" --padding 65459
      echo "$mode $target: $output"
      [ "$status" -eq 0 ]
      holds 'all(.results[]; .received == 20)'
    done
  done
}

@test "every loss is counted, the last packet's too" {
  drop_udp "$NS_B" in numgen inc mod 5 == 4
  check "$B4" "$PORT4" --mode encrypted -c loss@forward=5%
  allow_udp "$NS_B"
  [ "$status" -eq 2 ]
  holds '.results[0] | .sent == 20 and .received == 16 and .lost == 4 and .longest_loss_run == 1'
  holds '.results[1] | .lost == 0'
  holds '.completeness // .results[0].completeness == "complete"'
}

@test "with nothing received the delays are absent, not zero" {
  drop_udp "$NS_B" in
  drop_udp "$NS_A" in
  check "$B4" "$PORT4"
  allow_udp "$NS_A"
  allow_udp "$NS_B"
  [ "$status" -eq 2 ]
  holds 'all(.results[]; .completeness == "complete" and .lost == 20 and .received == 0)'
  holds 'all(.results[]; (.delay // null) == null or all(.delay[]; . == null))'
}

@test "thresholds give the exit status, and perfdata repeat them" {
  run in_a "$CHECK_OWAMP" -H "$B4" -p "$PORT4" --count 5 --interval 5ms -w 10s,1% -c 20s,5%
  [ "$status" -eq 0 ]
  [[ $output == "OWAMP OK - "*"|"*" fwd_delay_p95="*"s;10;20 "* ]]
  run in_a "$CHECK_OWAMP" -H "$B4" -p "$PORT4" --count 5 --interval 5ms -w hops=1: -c 20s
  [ "$status" -eq 1 ]
  [[ $output == "OWAMP WARNING - "*hops* ]]
  run in_a "$CHECK_OWAMP" -H "$B4" -p "$PORT4" --count 5 --interval 5ms -c hops=1:
  [ "$status" -eq 2 ]
}

@test "an unsynchronised clock is called that" {
  [[ $(in_a "$CHECK_OWAMP" -H "$B4" -p "$PORT4" --count 5 --interval 5ms --json | jq .clock_synchronized) == false ]] ||
    skip "this host's clock is synchronised"
  run in_a "$CHECK_OWAMP" -H "$B4" -p "$PORT4" --count 5 --interval 5ms
  [[ $output == *"not synchronised"* ]]
}

@test "a wrong passphrase and an unknown KeyID get the same answer" {
  local wrong=$BATS_TEST_TMPDIR/wrong.pfs
  printf 'monitor 00\nnobody 00\n' >"$wrong"
  chmod 600 "$wrong"
  for key in monitor nobody; do
    run in_a "$CHECK_OWAMP" -H "$B4" -p "$PORT4" --mode encrypted --key-id $key --key-file "$wrong"
    [ "$status" -eq 3 ]
    [[ $output == "OWAMP UNKNOWN - server $B4 port $PORT4: the server refused the key"*"\"$key\""* ]]
  done
}

@test "a server without a common mode is told in words" {
  start_responder "$NS_B"
  run in_a "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" --mode encrypted --key-id monitor --key-file "$KEYS"
  stop_responder
  [ "$status" -eq 3 ]
  [[ $output == *"no common mode: the server offers open"* ]]
}

@test "an exhausted port range and a bandwidth limit are refusals in words" {
  local conf=$BATS_TEST_TMPDIR/small
  mkdir "$conf"
  printf 'testports 9100-9101\nrootfolly\n' >"$conf/owamp-server.conf"
  start taken "$NS_B" python3 -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("", 9101)); print("taken", flush=True)
time.sleep(60)'
  wait_for_log taken taken
  start_responder "$NS_B" -c "$conf" -S "$B4:0"
  run in_a "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT"
  [ "$status" -eq 3 ]
  [[ $output == *"refused the reverse session: a temporary resource limit (Accept 5)"* ]]
  stop_responder
  stop taken KILL
  printf 'limit root with bandwidth=1k, allow_open_mode=on\nassign default root\n' >"$conf/owamp-server.limits"
  start_responder "$NS_B" -c "$conf" -S "$B4:0"
  run in_a "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT"
  stop_responder
  [ "$status" -eq 3 ]
  [[ $output == *"refused the forward session"*"resource limit"* ]]
}

@test "a responder that is killed mid-session leaves partial results" {
  start_responder "$NS_B"
  start check "$NS_A" "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" --count 400 --interval 10ms -vv
  wait_for_log check "connected to" >/dev/null
  wait_for_log check "running" 2 >/dev/null || true
  stop responder KILL || true
  while kill -0 "$(pid_of check)" 2>/dev/null; do read -rt 0.1 <> <(:) || true; done
  run cat "$(log_of check)"
  [[ $output == *"OWAMP CRITICAL - "*"$B4 port $RESPONDER_PORT"* ]]
}

@test "a silent server and a closed port end within the timeout" {
  start silent "$NS_B" python3 -c 'import socket,sys,time
s = socket.create_server((sys.argv[1], 0)); print("port", s.getsockname()[1], flush=True)
time.sleep(60)' "$B4"
  local port
  port=$(wait_for_log silent '^port [0-9]+')
  run timeout 5 ip netns exec "$NS_A" "$CHECK_OWAMP" -H "$B4" -p "${port##* }" -t 2 --count 5 --interval 10ms \
    --loss-timeout 100ms
  stop silent KILL || true
  [ "$status" -ge 2 ] && [ "$status" -le 3 ]
  run timeout 5 ip netns exec "$NS_A" "$CHECK_OWAMP" -H "$B4" -p 1
  [ "$status" -eq 2 ]
  [[ $output == *"Connection refused"* ]]
  run timeout 9 ip netns exec "$NS_A" "$CHECK_OWAMP" -H no-such-host.invalid -t 5 --count 5
  [ "$status" -eq 3 ]
  [[ $output == *"no-such-host.invalid"* ]]
}

@test "configuration errors are named with file and line" {
  local conf=$BATS_TEST_TMPDIR/bad
  mkdir "$conf"
  printf '# fine\ntestports 9-x\n' >"$conf/owamp-server.conf"
  run in_b "$RESPONDER" -f -c "$conf"
  [ "$status" -ne 0 ]
  [[ $output == *"owamp-server.conf:2: "* ]]
  printf 'testports 9100-9110\n' >"$conf/owamp-server.conf"
  printf 'limit root with bandwidth=fast\n' >"$conf/owamp-server.limits"
  run in_b "$RESPONDER" -f -c "$conf"
  [ "$status" -ne 0 ]
  [[ $output == *"owamp-server.limits:1: "* ]]
  rm "$conf/owamp-server.limits"
  printf 'monitor zz\n' >"$conf/owamp-server.pfs"
  run in_b "$RESPONDER" -f -c "$conf"
  [ "$status" -ne 0 ]
  [[ $output == *"owamp-server.pfs:1: "* ]]
}

@test "SIGHUP takes new keys, and SIGTERM ends the responder" {
  local conf=$BATS_TEST_TMPDIR/reload
  mkdir "$conf"
  cp "$CONF"/* "$conf"
  echo 'late 636f72' >"$BATS_TEST_TMPDIR/late.pfs"
  chmod 600 "$BATS_TEST_TMPDIR/late.pfs"
  start_responder "$NS_B" -c "$conf" -S "$B4:0"
  echo 'late 636f72' >>"$conf/owamp-server.pfs"
  kill -HUP "$(pid_of responder)"
  wait_for_log responder "configuration read again" >/dev/null
  run in_a "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" --mode encrypted --key-id late \
    --key-file "$BATS_TEST_TMPDIR/late.pfs" --count 5 --interval 5ms
  [ "$status" -eq 0 ]
  stop_responder
}
