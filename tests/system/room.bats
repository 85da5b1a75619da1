# SPDX-License-Identifier: MIT
# Sessions that end early give back what they had reserved: the responder refuses nobody for good.
load helper

setup_file() {
  net_up
  [[ -z ${NET_REASON:-} ]] || return 0
  printf 'limit root with disk=134k, allow_open_mode=on\n' >"$BATS_FILE_TMPDIR/owamp-server.limits"
  start_responder "$NS_B" -c "$BATS_FILE_TMPDIR" -S "$B4:0"
}

teardown_file() { net_down; }

@test "interrupted measurements hold what they sent, and the next are accepted" {
  # 75,000 octets of disk each, if they went on to their end.
  local ask=("$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" --direction forward)
  for _ in 1 2 3 4; do
    run in_a timeout -s KILL 0.7 "${ask[@]}" -t 60 --count 3000 --schedule fixed:10ms
    [ "$status" -eq 137 ] # it was running, not refused
  done
  run in_a "${ask[@]}" --count 3000 --schedule fixed:500us
  [ "$status" -eq 0 ]
  # All 3000 of that exist, and its result is too young to make room.
  run in_a "${ask[@]}" --count 3000 --schedule fixed:500us
  [ "$status" -ne 0 ]
  wait_for_log responder 'session refused with .*: no result can make room: .* less than 30 s old: class root has'
  kill -USR1 "$(pid_of responder)"
  wait_for_log responder 'class root: 0 bit/s, [0-9]+ octets of records'
  run in_a "${ask[@]}" --count 20 --interval 5ms
  [ "$status" -eq 0 ]
}
