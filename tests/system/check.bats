#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# check_owamp's further faces against a real responder: diagnosis, NAT, fetching, ini files, many at once.
load ../lab/helper

PACE=(--count 20 --interval 5ms --loss-timeout 300ms)
OUTSIDE=10.86.1.99

setup_file() {
  lab_up clean
  [[ -z ${NET_REASON:-} ]] || return 0
  export CONF=$BATS_FILE_TMPDIR/conf KEYS=$BATS_FILE_TMPDIR/keys.pfs
  mkdir -p "$CONF"
  echo 'monitor 636f727265637420686f727365' >"$KEYS"
  cp "$KEYS" "$CONF/owamp-server.pfs"
  chmod 600 "$KEYS" "$CONF/owamp-server.pfs"
  printf 'testports 9000-9999\nrootfolly\n' >"$CONF/owamp-server.conf"
  printf 'limit root with allow_open_mode=on\nassign default root\n' >"$CONF/owamp-server.limits"
  start_responder "$NS_B" -c "$CONF" -S "$B4:0"
}

teardown_file() { lab_down; }

setup() {
  need_net
  lab_change clean
}

check() { run in_a "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" "${PACE[@]}" "$@"; }

# holds FILTER: the JSON output fulfils the jq filter.
holds() { jq -e "$1" <<<"$output" >/dev/null || { echo "not so: $1"; echo "$output"; return 1; }; }

# finds STEP FINDING REGEX: the diagnosis' step is so, and says so.
finds() {
  jq -e --arg step "$1" --arg finding "$2" --arg words "$3" \
    '.diagnosis[] | select(.step == $step) | .finding == $finding and (.found + " " + (.mend // "") | test($words))' \
    <<<"$output" >/dev/null || { echo "not so: $*"; jq .diagnosis <<<"$output"; return 1; }
  documented check <<<"$output"
}

# ---- diagnosis ----

@test "diagnosis of a good path: every step is ok, or remarks on clocks" {
  check --diagnose --json --dscp EF
  [ "$status" -eq 0 ]
  holds '.diagnosis | length == 16'
  holds 'all(.diagnosis[]; .finding == "ok" or (.step | startswith("clock")))'
  holds '.diagnosis[15].found | startswith("OWAMP answers (TCP port") and test("STAMP does not answer")'
  check --diagnose
  [[ ${lines[1]} == "ok          resolve: $B4 is $B4 port $RESPONDER_PORT" ]]
}

@test "diagnosis: name, connection, mode, key and limits" {
  run in_a "$CHECK_OWAMP" -H no-such-host.invalid --diagnose --json
  finds resolve FAILED 'no-such-host.*DNS'
  finds connect 'not reached' ''
  run in_a "$CHECK_OWAMP" -H "$B4" -p 1 --diagnose --json
  finds connect FAILED 'Connection refused.*owamp-responder'
  run in_a "$CHECK_OWAMP" -H 192.0.2.1 --diagnose --json
  finds connect FAILED 'Network is unreachable give this host a route'
  start_responder_open
  run in_a "$CHECK_OWAMP" -H "$B4" -p "$OPEN_PORT" --mode encrypted --key-id monitor --key-file "$KEYS" --diagnose --json
  finds mode FAILED 'offers open'
  printf 'monitor 00\n' >"$BATS_TEST_TMPDIR/wrong.pfs"
  chmod 600 "$BATS_TEST_TMPDIR/wrong.pfs"
  check --mode encrypted --key-id monitor --key-file "$BATS_TEST_TMPDIR/wrong.pfs" --diagnose --json
  finds mode ok ''
  finds key FAILED 'passphrase.*owamp-server.pfs'
  printf 'limit root with bandwidth=1k, allow_open_mode=on\nassign default root\n' >"$BATS_TEST_TMPDIR/owamp-server.limits"
  start small "$NS_B" "$RESPONDER" -f -c "$BATS_TEST_TMPDIR" -S "$B4:0"
  local line
  line=$(wait_for_log small 'listening on .* port [0-9]+')
  run in_a "$CHECK_OWAMP" -H "$B4" -p "${line##* port }" --diagnose --json
  stop small
  finds limits FAILED 'resource limit.*bandwidth'
}

# start_responder_open: one without keys; sets OPEN_PORT.
start_responder_open() {
  local line
  start open "$NS_B" "$RESPONDER" -f -S "$B4:0"
  line=$(wait_for_log open 'listening on .* port [0-9]+')
  OPEN_PORT=${line##* port }
}

@test "diagnosis: UDP out, UDP back, DSCP and TTL" {
  lab_change - <<<'forward loss every 1'
  check --diagnose --json
  [ "$status" -eq 2 ]
  finds 'UDP out' FAILED 'none of 20 packets.*port 9[0-9]*.*firewalls'
  finds 'UDP back' ok '20 of 20'
  lab_change - <<<'reverse loss every 1'
  check --diagnose --json
  finds 'UDP out' ok ''
  finds 'UDP back' FAILED 'none of 20 packets'
  lab_change - <<<'reverse dscp 10'
  check --diagnose --json --dscp EF
  finds DSCP remark '20 packets.*DSCP 10, not 46'
  lab_change - <<<'forward hops 200'
  check --diagnose --json
  finds TTL remark 'arrive with 55'
}

@test "diagnosis: packets beyond the path's MTU, whose fragments are dropped, are no firewall's fault" {
  local host
  for host in "$NS_A" "$NS_B"; do
    ip -n "$host" link set veth0 mtu 1400
    ip netns exec "$host" nft 'add table inet mtu; add chain inet mtu in { type filter hook prerouting priority -450; };
      add rule inet mtu in ip frag-off & 0x3fff != 0 drop'
  done
  check --diagnose --json --padding 1400
  for host in "$NS_A" "$NS_B"; do
    ip netns exec "$host" nft delete table inet mtu
    ip -n "$host" link set veth0 mtu 1500
  done
  [ "$status" -eq 2 ]
  finds 'UDP out' FAILED 'none of 20 packets of 1442 octets.*see MTU'
  finds 'UDP back' FAILED 'none of 20 packets of 1442 octets.*see MTU'
  finds MTU FAILED 'both directions arrive with 1400 octets \(--padding 1358\), and not with 1420.*fragments'
}

# ---- what is not there, and who is there instead ----

@test "a source, interface or port that this host lacks is UNKNOWN, and no limit of the server's" {
  check --source 192.0.2.99
  [ "$status" -eq 3 ]
  [[ ${lines[0]} == *"cannot bind TCP to 192.0.2.99: no interface of this host has it"* ]]
  check --interface nosuch0 --diagnose --json
  [ "$status" -eq 3 ]
  finds connect FAILED 'interface nosuch0: this host has none of that name give --source and --interface'
  start holder "$NS_A" python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((sys.argv[1], 0)); print("port", s.getsockname()[1], flush=True)
time.sleep(60)' "$A4"
  local line
  line=$(wait_for_log holder '^port [0-9]+')
  check --ports "${line##* }-${line##* }" --direction reverse --diagnose --json
  stop holder
  [ "$status" -eq 3 ]
  finds 'ports here' FAILED "UDP $A4 port ${line##* } is taken.*--ports"
  finds limits 'not reached' ''
}

@test "HTTP and SSH are no OWAMP servers, and are called that" {
  start http "$NS_B" python3 -u -m http.server 0 --bind "$B4"
  start ssh "$NS_B" python3 -c 'import socket, sys
s = socket.create_server((sys.argv[1], 0)); print("port", s.getsockname()[1], flush=True)
while True:
  c, _ = s.accept(); c.send(b"SSH-2.0-OpenSSH_9.2p1\r\n"); c.recv(999)' "$B4"
  local line port
  line=$(wait_for_log http ' port [0-9]+')
  [[ $line =~ port\ ([0-9]+) ]]
  port=${BASH_REMATCH[1]}
  run in_a "$CHECK_OWAMP" -H "$B4" -p "$port" -t 2 --count 5 --interval 10ms --loss-timeout 100ms
  [ "$status" -eq 2 ]
  # The first line is cut, a word earlier where the silence has a digit more: 1.79 s, not 1.8 s.
  [[ ${lines[0]} == "OWAMP CRITICAL - "*"it takes connections, but is no "*"...|"* ]] || { echo "$output"; return 1; }
  [[ ${lines[1]} == "CRITICAL: "*"it takes connections, but is no OWAMP server (those of HTTP and TLS keep silent so), or hangs"* ]]
  [[ ${lines[2]} == "to see where it fails: $CHECK_OWAMP -H $B4 -p $port --diagnose" ]]
  line=$(wait_for_log ssh '^port [0-9]+')
  run in_a "$CHECK_OWAMP" -H "$B4" -p "${line##* }"
  stop http KILL
  stop ssh KILL
  [ "$status" -eq 2 ]
  [[ ${lines[0]} == *'this is no OWAMP server: it greets with "SSH-2.0-OpenSSH_9.2p1", correct the port'* ]]
}

# ---- NAT ----

@test "a client behind NAT: refused without --nat, which the diagnosis says; measured with it" {
  lab_change - <<<"nat $A4 $OUTSIDE"
  check --json
  [ "$status" -ne 0 ]
  check --nat --json
  [ "$status" -eq 0 ]
  holds 'all(.results[]; .received == 20 and .lost == 0)'
  check --diagnose --json
  finds NAT FAILED 'rewritten.*--nat'
}

@test "a server behind NAT is measured by its outer address" {
  lab_change - <<<"nat $A4 $OUTSIDE"
  start inner "$NS_A" "$RESPONDER" -f -S "$A4:0"
  local line
  line=$(wait_for_log inner 'listening on .* port [0-9]+')
  run in_b "$CHECK_OWAMP" -H "$OUTSIDE" -p "${line##* port }" "${PACE[@]}" --nat --json
  stop inner
  [ "$status" -eq 0 ]
  holds 'all(.results[]; .received == 20 and .lost == 0)'
}

@test "a client behind a masquerading router is measured with --nat" {
  local router="owamp-r-$BASHPID" inner="owamp-n-$BASHPID" line
  ip netns add "$router"
  ip netns add "$inner"
  ip -n "$inner" link add name inside type veth peer name lan netns "$router"
  ip -n "$inner" address add 10.87.0.2/24 dev inside
  ip -n "$inner" link set inside up
  ip -n "$inner" route add default via 10.87.0.1
  ip -n "$router" address add 10.87.0.1/24 dev lan
  ip -n "$router" link set lan up
  ip -n "$router" link add name wan type veth peer name back netns "$NS_B"
  ip -n "$router" address add 10.88.0.1/24 dev wan
  ip -n "$router" link set wan up
  ip -n "$NS_B" address add 10.88.0.2/24 dev back
  ip -n "$NS_B" link set back up
  ip netns exec "$router" sysctl -qw net.ipv4.ip_forward=1
  ip netns exec "$router" nft -f - <<'NFT' || { ip netns delete "$router" && ip netns delete "$inner" && skip "no nftables NAT in this kernel"; }
table ip nat {
  chain post { type nat hook postrouting priority 100; oifname wan masquerade; }
}
NFT
  start router_peer "$NS_B" "$RESPONDER" -f -S "10.88.0.2:0"
  line=$(wait_for_log router_peer 'listening on .* port [0-9]+')
  run ip netns exec "$inner" "$CHECK_OWAMP" -H 10.88.0.2 -p "${line##* port }" "${PACE[@]}" --nat --json
  stop router_peer
  ip netns delete "$inner"
  ip netns delete "$router"
  echo "$output"
  [ "$status" -eq 0 ]
  holds 'all(.results[]; .received == 20 and .lost == 0)'
}

# ---- fetching, and parity of both outputs ----

# perfdata_json TEXT: perfdata of its first line as {"label": number or null}.
perfdata_json() {
  sed -n '1s/^[^|]*|//p' <<<"$1" | tr ' ' '\n' | sed -n 's/^\([a-z_0-9]*\)=\([-0-9.]*\|U\)[s%]*\(;.*\|$\)/\1 \2/p' |
    jq -Rn '[inputs | split(" ") | {(.[0]): (if .[1] == "U" then null else (.[1] | tonumber) end)}] | add'
}

@test "a session that the server holds is judged; perfdata and JSON of it are the same numbers" {
  lab_change - <<<'forward loss numbers 3,7'
  check --direction forward --json
  local sid lost perfdata
  sid=$(jq -r '.results[0].sid' <<<"$output")
  lost=$(jq -r '.results[0].lost' <<<"$output")
  [ "$lost" -eq 2 ]
  run in_a "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" --fetch "$sid" -c loss=5%
  [ "$status" -eq 2 ]
  [[ $output == "OWAMP CRITICAL - forward loss 10 % (2/20), limit 5 %, forward "* ]]
  perfdata=$(perfdata_json "$output")
  run in_a "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" --fetch "${sid^^}" --json
  [ "$status" -eq 0 ]
  # To six digits, but no less than a nanosecond.
  jq -e --argjson perfdata "$perfdata" '.results[0] as $r | {
    fwd_delay_min: $r.delay.min, fwd_delay_median: $r.delay.median, fwd_delay_p95: $r.delay.p95,
    fwd_delay_max: $r.delay.max, fwd_jitter: $r.jitter, fwd_ipdv: $r.ipdv, fwd_loss: $r.loss_percent,
    fwd_duplicates: $r.duplicates, fwd_reordered: $r.reordered, fwd_skipped: $r.skipped, clock_error: $r.clock.error} |
    (keys == ($perfdata | keys)) and all(to_entries[]; (.value - $perfdata[.key]) as $off |
      ($off | fabs) <= (.value | fabs) * 0.00001 + 0.000000001)' <<<"$output" ||
    { echo "$perfdata" "$output" && false; }
  run in_a "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" --fetch 00112233445566778899aabbccddeeff
  [ "$status" -eq 3 ]
  [[ $output == *"holds no such session"* ]]
}

# ---- the command line ----

@test "options come from an ini file, and the command line outranks them" {
  local ini=$BATS_TEST_TMPDIR/plugins.ini
  cat >"$ini" <<INI
[check_owamp]
H=$B4
port = $RESPONDER_PORT   # as started
count=20
interval=5ms
loss-timeout=300ms
critical=hops=1:
[quiet]
H=$B4
p=$RESPONDER_PORT
direction=forward
json=
INI
  run in_a env MP_CONFIG_FILE="$ini" "$CHECK_OWAMP" --extra-opts
  [ "$status" -eq 2 ]
  run in_a env MP_CONFIG_FILE="$ini" "$CHECK_OWAMP" -c hops=5 --extra-opts
  [ "$status" -eq 0 ]
  run in_a "$CHECK_OWAMP" "${PACE[@]}" --extra-opts="quiet@$ini"
  holds '[.results[].direction] == ["forward"]'
  run in_a "$CHECK_OWAMP" --extra-opts="@$BATS_TEST_TMPDIR/none.ini"
  [ "$status" -eq 3 ]
  [[ $output == *"--extra-opts: "*"none.ini"* ]]
}

@test "what a timeout is worth can be said" {
  start silent "$NS_B" python3 -c 'import socket,sys,time
s = socket.create_server((sys.argv[1], 0)); print("port", s.getsockname()[1], flush=True)
time.sleep(60)' "$B4"
  local port
  port=$(wait_for_log silent '^port [0-9]+')
  port=${port##* }
  run in_a "$CHECK_OWAMP" -H "$B4" -p "$port" -t 1 --count 5 --interval 5ms --loss-timeout 50ms
  [ "$status" -eq 2 ]
  run in_a "$CHECK_OWAMP" -H "$B4" -p "$port" -t 1 --count 5 --interval 5ms --loss-timeout 50ms --timeout-state warning
  [ "$status" -eq 1 ]
  [[ $output == "OWAMP WARNING - "* ]]
  run in_a "$CHECK_OWAMP" -H "$B4" -p "$port" -t 1 --count 5 --interval 5ms --loss-timeout 50ms --timeout-state 0
  [ "$status" -eq 0 ]
  stop silent KILL || true
}

@test "-vv draws a histogram, -vvv lists every packet" {
  check -vv
  [ "$status" -eq 0 ]
  for way in forward reverse; do
    bars=$(sed -n "/^$way delays of 20 packets/,/^[a-z]/p" <<<"$output" | grep -E '^ +([<>]=? )?-?[0-9.]+ [mu]?s +[0-9]')
    [ "$(sed -E 's/.* [mu]?s +([0-9]+).*/\1/' <<<"${bars//  up to*/}" | awk '{sum += $1} END {print sum}')" -eq 20 ]
  done
  check -vvv
  [ "$(grep -cE '^ +[0-9]+ [0-9TZ:.-]+ +-?[0-9.]+ +\+-[0-9.]+ 25[0-9]( +-?[0-9]+)?$' <<<"$output")" -eq 40 ]
}

# ---- at a terminal ----

# What a terminal is written to goes to a file; the other output of a check that runs meanwhile to another.
@test "at a terminal a long check shows how far it is and erases it, and a diagnosis has no perfdata" {
  local long=("$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" --count 30 --schedule fixed:100ms)
  in_a "${long[@]}" >"$BATS_TEST_TMPDIR/piped.out" 2>"$BATS_TEST_TMPDIR/piped.err" &
  run in_a script -qec "${long[*]}" /dev/null
  [ "$status" -eq 0 ]
  [[ $output =~ $'\r''check_owamp: '[0-9]+' of 30 packets sent, '[0-9]+' of 30 received, up to '[0-9]+' s left'$'\r' ]]
  [[ $output =~ $'\r'\ +$'\r''OWAMP OK - ' ]]
  wait $!
  [[ $(<"$BATS_TEST_TMPDIR/piped.out") == "OWAMP OK - "* && ! -s $BATS_TEST_TMPDIR/piped.err ]]
  run in_a script -qec "$CHECK_OWAMP -H $B4 -p $RESPONDER_PORT ${PACE[*]} --diagnose" /dev/null
  [[ ${lines[0]} == "OWAMP OK - "* && $output != *"|"* && ${lines[1]} == "ok          resolve: "* ]]
  check --diagnose
  [[ ${lines[0]} == "OWAMP OK - "*"|fwd_delay_min="* ]]
}

@test "JSON has the parts of addresses, no null, and no member that its manual page lacks" {
  lab_change - <<<'reverse loss numbers 3'
  in_a "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" "${PACE[@]}" -c hops=0,asymmetry=@0:1s --json -vvv >"$BATS_TEST_TMPDIR/json" \
    2>/dev/null || true
  cat "$BATS_TEST_TMPDIR/json"
  documented check <"$BATS_TEST_TMPDIR/json"
  jq -e --arg here "$A4" --arg there "$B4" --arg port "$RESPONDER_PORT" '.schema == 1 and .host == $there and .port == $port and
    .connection == {address: $there, port: ($port | tonumber)} and .results[0].sender.address == $here and
    (.results[1].sender | .address == $there and (.port | type) == "number") and
    ([.results[1].packets[] | select(.lost) | has("delay", "received", "ttl")] == [false, false, false])' "$BATS_TEST_TMPDIR/json"
}

# ---- many at once ----

@test "200 checks at once all end within their time, without false loss" {
  local i pids=()
  cat >"$BATS_TEST_TMPDIR/one" <<'SH'
start=$EPOCHREALTIME
"$CHECK_OWAMP" -H "$1" -p "$2" --count 20 --interval 100ms -t 20 --json
echo $? "$start" "$EPOCHREALTIME" >"$3"
SH
  for ((i = 0; i < 200; i++)); do
    in_a bash "$BATS_TEST_TMPDIR/one" "$B4" "$RESPONDER_PORT" "$BATS_TEST_TMPDIR/$i.status" \
      >"$BATS_TEST_TMPDIR/$i.json" 2>&1 3>&- &
    pids+=($!)
  done
  wait "${pids[@]}" || true
  [ "$(cat "$BATS_TEST_TMPDIR"/*.status | wc -l)" -eq 200 ]
  awk '$1 != 0 || $3 - $2 > 20 { print; bad = 1 } END { exit bad }' "$BATS_TEST_TMPDIR"/*.status
  jq -se 'length == 200 and all(.[].results[]; .lost == 0 and .received + .skipped == 20)' \
    "$BATS_TEST_TMPDIR"/*.json >/dev/null || { grep -L '"lost": 0' "$BATS_TEST_TMPDIR"/*.json | head -n 3 | xargs cat && false; }
  jq -s '[.[].results[].skipped] | "skipped \(add)"' "$BATS_TEST_TMPDIR"/*.json
}

@test "a diagnosis with all defaults keeps its time and still tries NAT" {
  lab_change - <<<'reverse loss every 1'
  SECONDS=0
  run in_a "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" --diagnose --json
  ((SECONDS <= 10))
  [ "$status" -eq 2 ]
  finds 'UDP back' FAILED 'none of 20 packets'
  finds NAT 'not reached' '--nat makes no difference'
}
