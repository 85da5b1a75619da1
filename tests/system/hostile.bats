#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What a server, or a reader of logs, may do to whoever has to do with it.
load helper

setup_file() { net_up; }

teardown_file() { net_down; }

# hostile ATTACK: begin a hostile server in B; sets PORT.
hostile() {
  start hostile "$NS_B" python3 "$BATS_TEST_DIRNAME/hostile_server.py" "$B4" "$1"
  PORT=$(wait_for_log hostile 'listening' | cut -d ' ' -f 2)
}

# bounded COMMAND...: run it in A; sets STATUS, OUTPUT, PEAK (MB) and TOOK (seconds).
bounded() {
  in_a python3 - "$@" >"$BATS_TEST_TMPDIR/bounded" <<'PY'
import os, subprocess, sys, time
began = time.monotonic()
check = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, text=True)
output = check.stdout.read()
_, status, usage = os.wait4(check.pid, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss // 1024, round(time.monotonic() - began, 1))
print(output, end='')
PY
  read -r STATUS PEAK TOOK <"$BATS_TEST_TMPDIR/bounded"
  OUTPUT=$(tail -n +2 "$BATS_TEST_TMPDIR/bounded")
  echo "status $STATUS, $PEAK MB, $TOOK s: ${OUTPUT:0:400}"
}

@test "a fetch from a hostile server costs neither memory nor time" {
  local sid=00112233445566778899aabbccddeeff
  hostile records
  bounded "$CHECK_OWAMP" -H "$B4" -p "$PORT" --fetch="$sid" -t 3 -vvv
  ((STATUS == 3 && PEAK < 80))
  awk -v took="$TOOK" 'BEGIN { exit !(took < 6) }' # -t, and a loaded host's while
  stop hostile KILL
  hostile all
  bounded "$CHECK_OWAMP" -H "$B4" -p "$PORT" --fetch="$sid" -t 30 --json -vvv
  ((PEAK < 96))
  jq -e '.results[0] | .completeness == "partial" and .received == 1048576 and (.packets | length) == 16384 and
    .packets_left_out == 1032192' <<<"$OUTPUT"
  jq -e '.reason | test("only the first 1048576 of the session.s 1500000000 packets are told; 1048576 records")' <<<"$OUTPUT"
  stop hostile KILL
  hostile ranges
  bounded "$CHECK_OWAMP" -H "$B4" -p "$PORT" --fetch="$sid" -t 10
  ((STATUS == 2 && PEAK < 32))
  [[ $OUTPUT == *'announces 2147483648 skip ranges, 16384 are possible'* ]]
  stop hostile KILL
}

@test "sessions that a server can't mean are a protocol error, and no loss" {
  local way
  local attack direction piece
  for way in 'port forward port 0' 'port reverse port 0' 'sid reverse another SID than the one we chose' 'repeat both another SID'; do
    read -r attack direction piece <<<"$way"
    hostile "$attack"
    bounded "$CHECK_OWAMP" -H "$B4" -p "$PORT" -t 10 --count 5 --interval 5ms --loss-timeout 100ms --direction "$direction"
    ((STATUS == 2))
    [[ $OUTPUT == *"Accept-Session"*"$piece"* && $OUTPUT != *'lost='[1-9]* ]]
    stop hostile KILL
  done
}

# ---- a log that nobody reads ----

# unread PATTERN COMMAND...: start it in B, and read its log no more after the line with PATTERN; sets PID.
unread() {
  FOLDER=$(mktemp -d -p "$BATS_TEST_TMPDIR")
  start unread "$NS_B" python3 "$BATS_TEST_DIRNAME/unread.py" "$FOLDER" "$@"
  wait_for_log unread '^full'
  PID=$(<"$FOLDER/pid")
}

# ends WITH: the program ends with that status once it gets TERM, though nobody reads; then what it has said is read.
ends() {
  kill -TERM "$PID"
  wait_for_log unread "^ended with $1"
}

# strangers COUNT: so many connect to the responder in B and say what makes no sense.
strangers() {
  in_a python3 - "$B4" "$RESPONDER_PORT" "$1" <<'PY'
import socket, sys
for _ in range(int(sys.argv[3])):
    with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as tcp:
        tcp.sendall(b'\xff' * 164)
        while tcp.recv(4096):
            pass
PY
}

@test "a responder whose log nobody reads answers, counts what is lost, and stops" {
  local conf=$BATS_TEST_TMPDIR/many i
  mkdir "$conf"
  printf 'rootfolly\n' >"$conf/owamp-server.conf"
  {
    echo 'limit root with allow_open_mode=on'
    for ((i = 0; i < 300; i++)); do echo "limit class$i with parent=root"; done
    echo 'assign default root'
  } >"$conf/owamp-server.limits"
  unread 'listening on' "$RESPONDER" -f -c "$conf" -S "$B4:0"
  RESPONDER_PORT=$(grep -o 'port [0-9]*' "$(log_of unread)" | cut -d ' ' -f 2)
  strangers 200
  kill -USR1 "$PID" # a line of each class: more than are kept
  bounded "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" --count 10 --interval 5ms --loss-timeout 300ms
  ((STATUS == 0))
  touch "$FOLDER/read"
  wait_for_log unread '[0-9]+ lines were lost here'
  ends 0
  # Of strangers with one fault few lines, and at the end how many there were.
  (($(grep -c 'client 10.86.1.1 port .*' "$(log_of unread)") < 20))
  wait_for_log unread 'more lines like this within a minute: client 10.86.1.1 port '
}

@test "a responder and a subagent whose logs nobody reads end with TERM" {
  unread 'listening on' "$RESPONDER" -f -S "$B4:0"
  kill -USR1 "$PID"
  ends 0
  [[ -x $OWAMP_BUILD/plugins/snmp/owamp-agentx ]] || return 0
  unread 'is ready' env SNMP_PERSISTENT_DIR="$BATS_TEST_TMPDIR/store" "$OWAMP_BUILD/plugins/snmp/owamp-agentx" \
    -f -Le -C -DALL -x "unix:$BATS_TEST_TMPDIR/no.sock"
  kill -HUP "$PID"
  ends 0
}
