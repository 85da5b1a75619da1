# SPDX-License-Identifier: MIT
# Many records: more than a connection takes at once.
load helper

setup_file() {
  net_up
  [[ -z ${NET_REASON:-} ]] || return 0
  start_responder "$NS_B" -v -S "$B4:0"
}

teardown_file() { net_down; }

# fetched SID: a session's result is in $output.
fetched() {
  run in_a "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" --fetch "$1" --json
  [[ $output == "{"* ]] || { echo "$output" && false; }
}

# fetched_until SID CONDITION: until it holds of the result, 10 s at most.
fetched_until() {
  for ((tries = 0; tries < 200; tries++)); do
    fetched "$1"
    jq -e ".results[0] | $2" <<<"$output" && return
    sleep 0.05
  done
  echo "never $2: $output" && false
}

@test "a long session's records come once and whole, and the responder goes on" {
  for _ in 1 2 3; do
    run in_a "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" -t 30 --count 30000 --schedule fixed:30us \
      --direction forward --json
    [ "$status" -eq 0 ]
    jq -e '.results[0] | .completeness == "complete" and .sent + .skipped == 30000 and .duplicates == 0' <<<"$output"
  done
  run in_a "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" --count 5 --interval 2ms
  [ "$status" -eq 0 ]
  run ! grep 'client .*: unknown command' "$(log_of responder)"
  [ -z "$output" ]
}

# Its packets go astray before it dies: for all that the responder knows it had sent no more.
@test "a client that is killed has lost nothing behind the last packet that came" {
  start client "$NS_A" "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" -t 60 --count 1000 --schedule fixed:20ms --loss-timeout 300ms \
    --direction forward
  local sid
  sid=$(wait_for_log responder 'session [0-9a-f]{32}: started, receiving 1000 packets')
  sid=${sid#*session } sid=${sid%%:*}
  fetched_until "$sid" '.received >= 5'
  drop_udp "$NS_A" out
  fetched_until "$sid" '.lost >= 5'
  stop client KILL
  wait_for_log responder "session $sid: ended"
  allow_udp "$NS_A"
  fetched "$sid"
  jq -e '.results[0] | .completeness == "partial" and .received >= 5 and .sent == .received and .lost == 0' <<<"$output" ||
    { echo "$output" && false; }
}
