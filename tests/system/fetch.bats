# SPDX-License-Identifier: MIT
# Many records: more than a connection takes at once.
load helper

setup_file() {
  net_up
  [[ -z ${NET_REASON:-} ]] || return 0
  start_responder "$NS_B"
}

teardown_file() { net_down; }

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
