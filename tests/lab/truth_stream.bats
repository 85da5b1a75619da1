# SPDX-License-Identifier: MIT
# What a stream in collectd reports, interval by interval, is held to what the lab knows.
load helper
load ../system/collectd_helper

LOSS_TIMEOUT=0.3

setup_file() {
  lab_up all
  [[ -z $NET_REASON && -x $COLLECTD && -e $OWAMP_BUILD/plugins/collectd/owamp.so ]] || return 0
  export QUERY=$BATS_FILE_TMPDIR/query.sock LD_PRELOAD=$ONE_CLOCK
  start_responder "$NS_B"
  collectd_conf main <<CONF
Interval 4
LossTimeout $LOSS_TIMEOUT
PacketInterval 0.01
Percentiles "99.9"
QuerySocket "$QUERY"
<Peer "far">
  Host "$B4"
  Port $RESPONDER_PORT
  Mode "open"
</Peer>
CONF
  unset LD_PRELOAD
  collectd_start main "$NS_A" LD_PRELOAD="$ONE_CLOCK"
}

teardown_file() { lab_down; }

setup() { need_collectd; }

# ask COUNT: the last COUNT intervals, to $BATS_TEST_TMPDIR/answer.json.
ask() {
  python3 - "$QUERY" "get far $1" >"$BATS_TEST_TMPDIR/answer.json" <<'PYTHON'
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(10)
s.connect(sys.argv[1])
s.sendall(sys.argv[2].encode() + b"\n")
print(s.makefile().readline(), end="")
PYTHON
}

# ask_anew COUNT: so many that weren't there when it was called before.
ask_anew() {
  local before=${newest:-0} deadline=$((SECONDS + 10 + 6 * $1))
  until ask "$1" && newest=$(jq '.stream.newest // 0' "$BATS_TEST_TMPDIR/answer.json") && ((newest >= before + $1)); do
    ((SECONDS < deadline)) || { echo "there are no new intervals" && return 1; }
    sleep 0.1
  done
}

judge() { python3 "$LAB/truth.py" "$LAB_TRUTH" "$BATS_TEST_TMPDIR/answer.json" --loss-timeout "$LOSS_TIMEOUT" "$@"; }

# ask_together COUNT: the same COUNT intervals by check_owamp, taken together, to $BATS_TEST_TMPDIR/together.json.
ask_together() {
  local newest=none deadline=$((SECONDS + 20))
  ask "$1"
  until [[ $(jq .stream.newest "$BATS_TEST_TMPDIR/answer.json") == "$newest" ]]; do
    ((SECONDS < deadline)) || return 1
    newest=$(jq .stream.newest "$BATS_TEST_TMPDIR/answer.json")
    "$CHECK_OWAMP" --query "$QUERY" --name far --last "$1" --json >"$BATS_TEST_TMPDIR/together.json"
    ask "$1"
  done
}

@test "each interval of a stream is the truth, and so are collectd's values" {
  wait_value main far delay-forward-p95 'n++ == 2' 0 40
  true_intervals() { ask_anew 3 && judge; }
  again true_intervals
  # The path sends each packet three times.
  jq -e 'all(.intervals[].results[]; .received > 200 and .duplicates == 2 * .received)' "$BATS_TEST_TMPDIR/answer.json"
  # The files say the same as the socket, delays to the microsecond.
  local name value
  jq -r '.intervals[].results[] | "count-\(.direction)-duplicates \(.duplicates)",
    (select(.direction == "forward") | "delay-forward-p95 \(.delay.p95)", "delay-forward-p99.9 \(.percentiles["99.9"])")' \
    "$BATS_TEST_TMPDIR/answer.json" >"$BATS_TEST_TMPDIR/asked"
  [ -s "$BATS_TEST_TMPDIR/asked" ]
  while read -r name value; do
    wait_value main far "$name" "sprintf(\"%.6f\", v) == sprintf(\"%.6f\", $value)"
  done <"$BATS_TEST_TMPDIR/asked"
}

@test "three intervals taken together are the truth of all their packets" {
  true_together() { ask_anew 3 && ask_together 3 && judge --together "$BATS_TEST_TMPDIR/together.json"; }
  again true_together
  jq '.results[1].delay.p95 += 0.05' "$BATS_TEST_TMPDIR/together.json" >"$BATS_TEST_TMPDIR/lie.json"
  run ! judge --together "$BATS_TEST_TMPDIR/lie.json"
}

@test "a false interval is found out" {
  true_intervals() { ask_anew 2 && judge; }
  again true_intervals
  jq -c '.intervals[0].results[1].lost += 1' "$BATS_TEST_TMPDIR/answer.json" >"$BATS_TEST_TMPDIR/lie.json"
  mv "$BATS_TEST_TMPDIR/lie.json" "$BATS_TEST_TMPDIR/answer.json"
  run ! judge
}

@test "what the subagent tells is the same truth" {
  local agentx=$OWAMP_BUILD/plugins/snmp/owamp-agentx folder=$BATS_FILE_TMPDIR/snmp walk=$LAB/../system/snmp_walk.py
  local root=.1.3.6.1.4.1.8072.9999.9999.861 number
  [[ -x $agentx ]] || skip "owamp-agentx is not built: libsnmp-dev is missing"
  mkdir "$folder"
  printf 'master agentx\nagentXSocket unix:%s/agentx.sock\nrocommunity public\n' "$folder" >"$folder/snmpd.conf"
  echo "owampQuerySocket $QUERY" >"$folder/owamp-agentx.conf"
  export MIBS='' SNMP_PERSISTENT_DIR=$folder/state SNMPCONFPATH=$folder
  start snmpd "$NS_A" /usr/sbin/snmpd -f -Lo -C -c "$folder/snmpd.conf" udp:127.0.0.1:1161
  wait_for_log snmpd 'NET-SNMP version' >/dev/null
  start agentx "$NS_A" "$agentx" -f -x "unix:$folder/agentx.sock" -Lo
  wait_for_log agentx 'is ready' >/dev/null
  # walked: a newer interval's rows are what the socket says of it, and that is the lab's truth.
  walked() {
    local deadline=$((SECONDS + 20)) before=${number:-0}
    until [[ ${number:-} =~ ^[0-9]+$ ]] && ((number > before)); do
      ((SECONDS < deadline)) || { cat "$(log_of agentx)" && return 1; }
      sleep 0.1
      number=$(in_a snmpget -v2c -c public -OnQv 127.0.0.1:1161 "$root.1.3.1.2.$("$walk" index '' far 1)" 2>&1) || true
    done
    in_a snmpbulkwalk -v2c -c public -On 127.0.0.1:1161 "$root" >"$folder/walk" || return 1
    "$walk" results "$QUERY" far <"$folder/walk" || return 1
    ask 8
    jq -c --argjson number "$number" '.intervals |= map(select(.number == $number))' "$BATS_TEST_TMPDIR/answer.json" \
      >"$BATS_TEST_TMPDIR/one.json"
    mv "$BATS_TEST_TMPDIR/one.json" "$BATS_TEST_TMPDIR/answer.json"
    judge
  }
  again walked
}
