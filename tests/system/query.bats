#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# check_owamp --query against a query socket with 1000 peers.
load helper

setup_file() {
  export SOCKET=$BATS_FILE_TMPDIR/query.sock LOG=$BATS_FILE_TMPDIR/publish.log
  mkfifo "$BATS_FILE_TMPDIR/end"
  "$OWAMP_BUILD/tests/bench/bench-load" publish "$SOCKET" 1000 <"$BATS_FILE_TMPDIR/end" >"$LOG" 2>&1 3>&- &
  # It ends when nobody holds the other side open any more.
  sleep infinity >"$BATS_FILE_TMPDIR/end" 3>&- &
  echo $! >"$BATS_FILE_TMPDIR/holder.pid"
  timeout 10 tail -s 0.02 -n +1 -F "$LOG" 2>/dev/null | grep -q -m 1 'published 1000 peers'
}

teardown_file() { kill "$(cat "$BATS_FILE_TMPDIR/holder.pid")"; }

setup() { :; }

ask() { run "$CHECK_OWAMP" --query "$SOCKET" "$@"; }

# holds FILTER: the JSON output fulfils the jq filter.
holds() { jq -e "$1" <<<"$output" >/dev/null || { echo "not so: $1"; echo "$output"; return 1; }; }

@test "a stream's newest interval is judged" {
  ask --name peer-30 -w 20ms -c 100ms
  [ "$status" -eq 1 ]
  [[ $output == "OWAMP WARNING - forward delay_p95 30.0 ms, limit 20 ms, reverse delay_p95 30.0 ms, limit 20 ms"*" fwd_delay_p95=0.03s;0.02;0.1 "* ]]
  ask --name peer-7 -w 20ms -c 100ms --json
  [ "$status" -eq 0 ]
  holds '.state == "OK" and .stream.name == "peer-7" and .stream.state == "up" and .stream.judged == 1'
  holds '.results[1] | .lost == 1 and .sent == 60 and .delay.p95 == 0.007'
  holds '.rtt == 0.014 and .asymmetry == 0'
  documented check <<<"$output"
}

@test "several intervals are judged together" {
  ask --name peer-7 --last 5 -c loss=1% --percentiles 99.9 -v
  [ "$status" -eq 2 ]
  [[ $output == *"reverse loss 1.67 % (5/300), limit 1 %"* ]]
  [[ $output == *$'\nstream           peer-7\nstate            up\nintervals        5 of 5, each of 60.0 s\n'* ]]
  [[ $output == *$'\ndelay p99.9 '*$'\npercentiles          to 1 % of the spread'* ]]
  [[ $output == *" fwd_delay_p99_9=0.007s "* ]]
  ask --name peer-7 --last 1000 --percentiles 99.9 --json
  documented check <<<"$output"
  holds '.results | all(.percentiles == {"99.9": 0.007} and .percentiles_from == "histograms" and .jitter == 0)'
  holds '.stream.judged == 5 and .stream.asked == 1000 and .results[0].sent == 300 and .state == "UNKNOWN"'
}

@test "perfdata and JSON of a stream are the same numbers" {
  ask --name peer-123
  local perfdata
  perfdata=$(grep -o ' fwd_delay_max=[0-9.]*' <<<"$output")
  ask --name peer-123 --json
  [ "${perfdata#*=}" = "$(jq .results[0].delay.max <<<"$output")" ]
}

@test "every member that the socket tells is in its manual page" {
  python3 - "$SOCKET" >"$BATS_TEST_TMPDIR/answers" <<'PYTHON'
import socket, sys
link = socket.socket(socket.AF_UNIX)
link.connect(sys.argv[1])
link.sendall(b"get peer-7 5 histograms\nlist\nget nobody\n")
lines = link.makefile()
print(*(lines.readline() for _ in range(3)), sep="", end="")
PYTHON
  [ "$(jq .schema "$BATS_TEST_TMPDIR/answers" | uniq)" = 1 ]
  sed -n 1p "$BATS_TEST_TMPDIR/answers" | documented stream
  sed -n 2p "$BATS_TEST_TMPDIR/answers" | documented list
  sed -n 3p "$BATS_TEST_TMPDIR/answers" | documented error
}

@test "what can't be judged is UNKNOWN, with a reason" {
  ask --name nobody
  [ "$status" -eq 3 ]
  [[ $output == "OWAMP UNKNOWN - "*"$SOCKET"*nobody* ]]
  ask --name peer-1 --max-age 1ms
  [ "$status" -eq 3 ]
  [[ $output == *"peer-1: the newest result is too old"*"--max-age"* ]]
  run "$CHECK_OWAMP" --query "$BATS_TEST_TMPDIR/none.sock" --name peer-1
  [ "$status" -eq 3 ]
  [[ $output == *"$BATS_TEST_TMPDIR/none.sock"* ]]
}
