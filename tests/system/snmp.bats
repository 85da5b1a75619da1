# SPDX-License-Identifier: MIT
# owamp-agentx under the real snmpd, with snmptrapd and Net-SNMP's tools.
# shellcheck shell=bash
load helper

AGENTX=$OWAMP_BUILD/plugins/snmp/owamp-agentx
O=.1.3.6.1.4.1.8072.9999.9999.861
export AGENTX O MIBS=

setup() {
  need_net
  [[ -x $AGENTX ]] || skip "owamp-agentx is not built: libsnmp-dev is missing"
  # A subagent by itself, without a master.
  LONE=(env SNMP_PERSISTENT_DIR="$BATS_TEST_TMPDIR/store" "$AGENTX" -C -x "unix:$BATS_TEST_TMPDIR/no.sock")
}

start_snmpd() {
  start snmpd "$NS_A" env SNMP_PERSISTENT_DIR="$BATS_FILE_TMPDIR/master" snmpd -f -C -Lo \
    -c "$BATS_FILE_TMPDIR/snmpd.conf" -p "$BATS_FILE_TMPDIR/snmpd.own"
  wait_for_log snmpd 'NET-SNMP version' >/dev/null
}

start_agentx() {
  start agentx "$NS_A" env SNMP_PERSISTENT_DIR="$BATS_FILE_TMPDIR/sub" \
    SNMPCONFPATH="$BATS_FILE_TMPDIR/sub" "$AGENTX" -f -Le \
    -c "$BATS_FILE_TMPDIR/owamp.conf" -x "$BATS_FILE_TMPDIR/agentx.sock"
  wait_for_log agentx 'is ready' >/dev/null
}

setup_file() {
  net_up
  [[ -z $NET_REASON && -x $AGENTX ]] || return 0
  cat >"$BATS_FILE_TMPDIR/snmpd.conf" <<CONF
agentAddress udp:$A4:161
rwcommunity private $A4
rocommunity public $A4
master agentx
agentXSocket $BATS_FILE_TMPDIR/agentx.sock
trap2sink $A4:162 public
CONF
  start_responder "$NS_B"
  cat >"$BATS_FILE_TMPDIR/owamp.conf" <<CONF
owampHistory 3
owampPublish $BATS_FILE_TMPDIR/query.sock
owampPeer b host $B4 port $RESPONDER_PORT interval 4s schedule fixed:20ms loss-timeout 1s warning loss=10%
owampPeer aa host $B4 port $RESPONDER_PORT interval 4s schedule fixed:20ms loss-timeout 1s
owampPeer a host $B4 port 1 interval 4s loss-timeout 1s
owampPeer bad host $B4 colour red
CONF
  start traps "$NS_A" env SNMP_PERSISTENT_DIR="$BATS_FILE_TMPDIR/traps" snmptrapd -f -C -Lo -On \
    --disableAuthorization=yes "udp:$A4:162"
  wait_for_log traps 'NET-SNMP version' >/dev/null
  start_snmpd
  start_agentx
}

teardown_file() { net_down; }

ask() { in_a "snmp$1" -v2c -c "${COMMUNITY:-public}" -On -Oq -t 3 "$A4" "${@:2}"; }
change() { COMMUNITY=private ask set "$@"; }

# until_is OID VALUE [SECONDS]: wait for it; polled, for SNMP has no way to wait.
until_is() {
  local end=$((SECONDS + ${3:-15})) got=
  while ((SECONDS <= end)); do
    got=$(ask get "$1" 2>/dev/null | cut -d' ' -f2-) || true
    [[ $got == "$2" ]] && return 0
    sleep 0.1
  done
  echo "$1 is '$got', not '$2'"
  return 1
}

@test "a bad line is named, the others hold" {
  grep -F "owamp.conf: line 6: Error: there is no option 'colour'" "$(log_of agentx)"
  run ask get "$O.1.2.1.33.0.3.98.97.100"
  [[ $output == *'No Such Instance'* ]]
}

@test "scalars: GET and GETNEXT" {
  [[ $(ask get "$O.1.1.1.0") == "$O.1.1.1.0 \"$("$AGENTX" -v | cut -d" " -f2)\"" ]]
  [[ $(ask getnext "$O.1.1.1.0") == "$O.1.1.2.0 "[12] ]]
  [[ $(ask getnext "$O.1.1") == "$O.1.1.1.0 "* ]]
  [[ $(ask get "$O.1.1.5.0") == "$O.1.1.5.0 3" ]]
  [[ $(ask get "$O.1.1.9.0") == *'No Such Object'* ]]
}

@test "rows come in the order of their indices: shorter names first" {
  run ask walk "$O.1.2.1.33"
  [[ ${lines[0]} == "$O.1.2.1.33.0.1.97 1" && ${lines[1]} == "$O.1.2.1.33.0.1.98 1" && ${lines[2]} == "$O.1.2.1.33.0.2.97.97 1" ]]
  ((${#lines[@]} == 3))
}

@test "an interval is measured; what GETNEXT finds, GET finds too" {
  local name value
  until_is "$O.1.3.1.8.0.1.98.1" 3
  until_is "$O.1.3.1.8.0.2.97.97.2" 3
  run ask walk "$O.1"
  ((${#lines[@]} > 200))
  # Strictly rising identifiers, one after the other.
  diff <(printf '%s\n' "${lines[@]}" | cut -d' ' -f1) <(printf '%s\n' "${lines[@]}" | cut -d' ' -f1 | sort -t. -V -u)
  while read -r name value; do
    [[ $name == *.1.2.1.2[36].* || $name == *.1.[345].1.* || $name == *.1.1.* ]] && continue
    [[ $(ask get "$name") == "$name $value" ]] || { echo "$name: $value" && return 1; }
  done < <(printf '%s\n' "${lines[@]}" | shuf -n 40 --random-source=<(yes))
}

@test "what is absent is no instance, and no zero" {
  run ask get "$O.1.3.1.21.0.1.97.1" "$O.1.3.1.9.0.1.97.1"
  [[ ${lines[0]} == *'No Such Instance'* && ${lines[1]} == *'No Such Instance'* ]]
  until_is "$O.1.2.1.23.0.1.97" 4
  [[ $(ask get "$O.1.2.1.26.0.1.97") == *'Connection refused'* ]]
}

@test "a row's numbers are those of the query socket" {
  local number want got
  until_is "$O.1.3.1.8.0.1.98.1" 3
  # The row may move on between the two questions: then ask again.
  for _ in {1..5}; do
    number=$(ask get "$O.1.3.1.2.0.1.98.1" | cut -d' ' -f2)
    want=$(in_a bash -c 'curl -s --max-time 1 --unix-socket '"$BATS_FILE_TMPDIR"'/query.sock telnet://x <<<"get b 3"' |
      jq -r --argjson n "$number" '.intervals[] | select(.number == $n) | .results[] | select(.direction == "forward") | "\(.sent) \(.received) \(.delay.p95 * 1e6 | round)"') || true
    got="$(ask get "$O.1.3.1.9.0.1.98.1" | cut -d' ' -f2) $(ask get "$O.1.3.1.10.0.1.98.1" | cut -d' ' -f2) $(ask get "$O.1.3.1.21.0.1.98.1" | cut -d' ' -f2)"
    [[ $number == "$(ask get "$O.1.3.1.2.0.1.98.1" | cut -d' ' -f2)" && -n $want ]] && break
  done
  [[ -n $want && $want == "$got" ]] || { echo "socket: $want, row: $got" && return 1; }
}

@test "a row's life by SET" {
  local row=2.110.109.1.120
  run change "$O.1.2.1.33.$row" i 4
  [[ $output == *inconsistentValue* ]]
  change "$O.1.2.1.33.$row" i 5
  [[ $(ask get "$O.1.2.1.33.$row") == *' 3' ]]
  change "$O.1.2.1.3.$row" i 1 "$O.1.2.1.4.$row" x "$(printf '%02x' 10 86 1 2)" "$O.1.2.1.5.$row" u "$RESPONDER_PORT"
  change "$O.1.2.1.10.$row" u 4 "$O.1.2.1.14.$row" u 1000 "$O.1.2.1.11.$row" s fixed:20ms
  [[ $(ask get "$O.1.2.1.33.$row") == *' 2' ]]
  change "$O.1.2.1.33.$row" i 1
  until_is "$O.1.2.1.23.$row" 3
  change "$O.1.2.1.33.$row" i 6
  [[ $(ask get "$O.1.2.1.33.$row") == *'No Such Instance'* ]]
}

@test "bad SETs get the right errors" {
  local row=2.110.109.1.121
  refused() { run change "${@:2}" && [[ $output == *"$1"* ]] || { echo "$1: $output" && return 1; }; }
  refused inconsistentName "$O.1.2.1.5.$row" u 861
  refused inconsistentValue "$O.1.2.1.33.$row" i 1
  refused wrongType "$O.1.2.1.5.$row" i 861
  refused wrongValue "$O.1.2.1.5.$row" u 0
  refused wrongValue "$O.1.2.1.33.$row" i 3
  refused wrongValue "$O.1.2.1.19.$row" s nonsense
  refused wrongLength "$O.1.2.1.7.$row" x 8000
  refused notWritable "$O.1.2.1.23.$row" i 1
  refused notWritable "$O.1.2.1.5.0.1.98" u 861
  refused noCreation "$O.1.2.1.33.0.1.47" i 5
}

@test "a reflector is made by SET and judged by its round trip; a SET that is refused is told in the log" {
  local row=2.110.109.1.115 reflector
  run change "$O.1.2.1.33.$row" i 5 "$O.1.2.1.39.$row" i 2 "$O.1.2.1.40.$row" u 65536
  [[ $output == *wrongValue* ]]
  wait_for_log agentx 'a SET was refused: peer nm:s: owampPeerSsid: it is 0 at least and 65535 at most' >/dev/null
  run change "$O.1.2.1.33.$row" i 5 "$O.1.2.1.41.$row" x 08
  [[ $output == *wrongValue* ]]
  start reflector "$NS_B" python3 "$BATS_TEST_DIRNAME/stamp_reflector.py" "$B4"
  reflector=$(wait_for_log reflector '^listening')
  change "$O.1.2.1.33.$row" i 5 "$O.1.2.1.39.$row" i 2 "$O.1.2.1.3.$row" i 1 "$O.1.2.1.4.$row" x "$(printf '%02x' 10 86 1 2)"
  [[ $(ask get "$O.1.2.1.5.$row") == *' 862' ]]
  change "$O.1.2.1.5.$row" u "${reflector#listening }" "$O.1.2.1.10.$row" u 4 "$O.1.2.1.14.$row" u 1000 \
    "$O.1.2.1.11.$row" s fixed:20ms "$O.1.2.1.20.$row" s rtt_p95=1us,dwell=1us "$O.1.2.1.33.$row" i 1
  # Of both ways together, 3, with its unit, microseconds.
  wait_for_log traps '861\.0\.1.*"nm".*"s".*6\.3\.0 = INTEGER: 3.*"rtt_p95".*6\.5\.0 = INTEGER: 1.*"rtt_p95 [0-9.]+ [mu]s is above' 20 >/dev/null
  wait_for_log traps '861\.0\.1.*"nm".*"s".*"dwell [0-9.]+ [mu]s is above' >/dev/null
  until_is "$O.1.2.1.29.$row" 3
  # An outage, of which no ICMP message tells, and its end.
  kill -STOP "$(pid_of reflector)"
  wait_for_log traps '861\.0\.3.*"nm".*"s".*"reflector .* does not answer"' 20 >/dev/null
  wait_for_log traps '861\.0\.1.*"nm".*"s".*"received".*"round-trip: nothing arrived of [0-9]+ packets"' >/dev/null
  [[ $(ask get "$O.1.2.1.23.$row" "$O.1.2.1.29.$row" | cut -d' ' -f2 | xargs) == "4 3" ]]
  kill -CONT "$(pid_of reflector)"
  wait_for_log traps '861\.0\.4.*"nm".*"s".*"measured again' 20 >/dev/null
  wait_for_log traps '861\.0\.2.*"nm".*"s".*"received".*"round-trip: packets arrive again' 20 >/dev/null
  change "$O.1.2.1.33.$row" i 6
  stop reflector
}

@test "a row that was made is kept when the subagent is killed; the master stays up" {
  local row=1.107.1.107
  change "$O.1.2.1.33.$row" i 4 "$O.1.2.1.3.$row" i 1 "$O.1.2.1.4.$row" x 0a560102 "$O.1.2.1.8.$row" s monitor
  timeout 10 bash -c "until grep -qs 'owampRow \"k\" \"k\"' '$BATS_FILE_TMPDIR/sub/owamp-agentx.conf'; do sleep 0.1; done"
  stop agentx KILL
  run ask get "$O.1.1.1.0"
  [[ $output == *'No Such Object'* ]]
  start_agentx
  until_is "$O.1.2.1.33.$row" 1
  # Its key is nowhere: the row says so.
  [[ $(ask get "$O.1.2.1.26.$row") == *'no owampKeyFile'* ]]
  change "$O.1.2.1.33.$row" i 6
}

@test "the master is killed and comes back: rows, and notifications that waited" {
  wait_for_log traps '861\.0\.3.*"a".*refused' >/dev/null
  stop snmpd KILL
  stop_responder
  wait_for_log agentx 'peer aa: down' 30 >/dev/null
  start_snmpd
  until_is "$O.1.1.5.0" 3 20
  wait_for_log traps '861\.0\.3.*"aa"' 20 >/dev/null
}

@test "a master that is back gets an answer within a second of the reconnection" {
  local times
  times=$(grep -c 'subagent connected' "$(log_of agentx)")
  stop snmpd
  start_snmpd
  timeout 20 bash -c "until ((\$(grep -c 'subagent connected' '$(log_of agentx)') > $times)); do sleep 0.02; done"
  until_is "$O.1.1.5.0" 3 1
}

# aa has no threshold, and b one that an outage breaches as well.
@test "peer up, breach, outage and recovery are told" {
  local way
  start_responder "$NS_B" -S "$B4:$RESPONDER_PORT"
  wait_for_log traps '861\.0\.4.*"aa"' 60 >/dev/null
  wait_for_log agentx 'peer b: up' 60 >/dev/null
  until_is "$O.1.2.1.29.0.2.97.97" 1
  drop_udp "$NS_B" in
  drop_udp "$NS_A" in ip saddr "$B4"
  wait_for_log traps '861\.0\.1.*"b".*"loss".*loss .* is above 10' 40 >/dev/null
  for way in forward reverse; do
    wait_for_log traps "861\.0\.1.*\"aa\".*\"received\".*\"$way: nothing arrived of [0-9]+ packets\"" 40 >/dev/null
  done
  until_is "$O.1.2.1.29.0.2.97.97" 3
  until_is "$O.1.2.1.23.0.2.97.97" 3
  run ! grep 'peer aa: down' <(sed '1,/peer aa: up/d' "$(log_of agentx)" | sed '1,/peer aa: up/d')
  allow_udp "$NS_A"
  allow_udp "$NS_B"
  wait_for_log traps '861\.0\.2.*"b".*"loss"' 40 >/dev/null
  for way in forward reverse; do
    wait_for_log traps "861\.0\.2.*\"aa\".*\"received\".*\"$way: packets arrive again" 40 >/dev/null
  done
  until_is "$O.1.2.1.29.0.2.97.97" 1
}

@test "--help and --version are taken, --check tells every fault and starts nothing" {
  local file=$BATS_TEST_TMPDIR/check.conf
  run "$AGENTX" --version
  [[ $status -eq 0 && $output == "owamp-agentx "* ]]
  run "$AGENTX" --help
  [[ $status -eq 0 && $output == *"--check"* ]]
  run "$AGENTX" --nonsense
  [[ $status -eq 1 && $output == *"--nonsense: there is no such option"* ]]
  cat >"$file" <<'CONF'
owampPeer a host h colour red interval 1s
owampPeer a host h
nonsense 1
owampPeer b host h key-id monitor
agentXPingInterval 5
owampPublish /run/q.sock group no-such-group permissions 999 colour
CONF
  run "${LONE[@]}" --check -c "$file"
  echo "$output"
  [ "$status" -eq 1 ]
  [[ $output == *"check.conf: line 1: Error: there is no option 'colour'"*"line 1: Error: interval: "* ]]
  [[ $output == *"line 2: Error: there is a peer 'a' already"*"line 3: Warning: Unknown token: nonsense"* ]]
  [[ $output == *"owampPeer b: there is a KeyID, but no owampKeyFile"*"there is no group 'no-such-group'"* ]]
  [[ $output == *"line 6: Error: permissions: '999' is not an octal number"*"line 6: Error: 'colour' has no value"* ]]
  [[ $output != *"line 5"* && ! -e $BATS_TEST_TMPDIR/store ]]
  echo 'owampPeer a host h' >"$file"
  run "${LONE[@]}" --check -c "$file"
  [[ $status -eq 0 && $output == "owamp-agentx: no fault in the configuration" ]]
}

@test "files that are torn, mixed or mad: each is read to its end, and each fault has its line" {
  local seed=${FAULTS_SEED:-$RANDOM} what
  python3 "$BATS_TEST_DIRNAME/hostile_conf.py" "$BATS_TEST_TMPDIR" "${FAULTS_FILES:-60}" "$seed" "${LONE[@]}" --check -c
  mkfifo "$BATS_TEST_TMPDIR/pipe"
  for what in "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/pipe" /dev/zero; do
    run timeout -s KILL 10 "${LONE[@]}" --check -c "$what"
    [[ $status == 1 && $output == *"-c $what: this is no regular file"* ]]
  done
}

@test "-p: the id is written, a second one is refused, and the file is removed at the end" {
  local file=$BATS_TEST_TMPDIR/agentx.pid
  start lone "$NS_A" "${LONE[@]}" -f -Le -p "$file"
  wait_for_log lone 'is ready' >/dev/null
  run in_a "${LONE[@]}" -f -Le -p "$file"
  [ "$status" -eq 1 ]
  [[ $output == *"agentx.pid: process $(pid_of lone) is already running; stop it, or set another -p"* ]]
  [[ $(<"$file") == "$(pid_of lone)" ]]
  stop lone
  [[ ! -e $file ]]
}

@test "in the background: ready when the command returns, and 1 with a sentence if it can't be" {
  cd "$BATS_FILE_TMPDIR"
  in_a "${LONE[@]}" -Lf "$(log_of back)" -p back.pid 3>&-
  local pid
  pid=$(pid_of back)
  wait_for_log back 'is ready' >/dev/null
  [[ $(readlink "/proc/$pid/cwd") == / && $(readlink "/proc/$pid/fd/2") == /dev/null ]]
  run in_a "${LONE[@]}" -Ln -p back.pid 3>&-
  [[ $status -eq 1 && $output == "owamp-agentx: "*"process $pid is already running"* ]]
  stop back
  [[ ! -e back.pid ]]
}

@test "in the background a log to the standard error output stays there" {
  in_a "${LONE[@]}" -Le -p "$BATS_FILE_TMPDIR/told.pid" >/dev/null 2>"$(log_of told)" 3>&-
  wait_for_log told 'is ready' >/dev/null
  [[ $(readlink "/proc/$(pid_of told)/fd/2") == "$(log_of told)" ]]
  stop told
}

@test "-u: no group of root's stays" {
  local of
  start low "$NS_A" setpriv --groups 0,4 "${LONE[@]}" -f -Le -u "$(id -u nobody)"
  wait_for_log low 'is ready' >/dev/null
  of=/proc/$(pid_of low)/status
  grep -xP "Uid:(\t$(id -u nobody)){4}" "$of"
  grep -xP "Gid:(\t$(id -g nobody)){4}" "$of"
  grep -xP "Groups:\t$(id -g nobody) ?" "$of"
  stop low
  run in_a "${LONE[@]}" -f -Le -u 12345
  [[ $status -eq 1 && $output == *'give -g as well'* ]]
}
