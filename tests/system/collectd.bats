#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The plugin in the real collectd in namespace A, against responders in B.

load helper
load collectd_helper

# Short intervals, so that a test sees several.
SHORT='Interval 4
LossTimeout 0.5
PacketInterval 0.1'

setup_file() {
  net_up
  [[ -z $NET_REASON ]] || return 0
  export PASS=$BATS_FILE_TMPDIR/keys.pfs
  printf 'monitor %s\n' "$(printf 'correct horse' | od -An -tx1 | tr -d ' \n')" >"$PASS"
  printf 'monitor %s\n' "$(printf 'wrong horse' | od -An -tx1 | tr -d ' \n')" >"$PASS.wrong"
  chmod 600 "$PASS" "$PASS.wrong"
  mkdir "$BATS_FILE_TMPDIR/keyed"
  cp "$PASS" "$BATS_FILE_TMPDIR/keyed/owamp-server.pfs"
  start_far far -c "$BATS_FILE_TMPDIR/keyed" -S "$B4:0"
  MAIN_PORT=$RESPONDER_PORT
  start_far moody -S "$B4:0"
  MOODY_PORT=$RESPONDER_PORT
  # One that is cut off by its addresses: nothing else in B uses them.
  ip -n "$NS_B" address add 10.86.1.3/24 dev veth0
  start_far cut -S 10.86.1.3:0
  CUT_PORT=$RESPONDER_PORT
  # To and from the last one no test packet passes; its control connections work.
  ip -n "$NS_B" address add 10.86.1.4/24 dev veth0
  start_far hole -c "$BATS_FILE_TMPDIR/keyed" -S 10.86.1.4:0
  HOLE_PORT=$RESPONDER_PORT
  in_b nft 'add table inet hole; add chain inet hole in { type filter hook input priority 0; };
    add rule inet hole in ip daddr 10.86.1.4 meta l4proto udp drop'
  in_a nft 'add table inet hole; add chain inet hole in { type filter hook input priority 0; };
    add rule inet hole in ip saddr 10.86.1.4 meta l4proto udp drop'
  # One that has room for one control connection, and one whose firewall has.
  mkdir "$BATS_FILE_TMPDIR/lonely"
  cp "$PASS" "$BATS_FILE_TMPDIR/lonely/owamp-server.pfs"
  echo 'maxcontrolsessions 1' >"$BATS_FILE_TMPDIR/lonely/owamp-server.conf"
  start_far lonely -c "$BATS_FILE_TMPDIR/lonely" -S "$B4:0"
  LONELY_PORT=$RESPONDER_PORT
  start_far walled -S "$B4:0"
  WALLED_PORT=$RESPONDER_PORT
  in_b nft -f - <<NFT
table inet owamp_wall {
  chain in { type filter hook input priority 0; tcp dport $WALLED_PORT ct state new ct count over 1 reject with tcp reset; }
}
NFT
  export MAIN_PORT MOODY_PORT CUT_PORT HOLE_PORT LONELY_PORT WALLED_PORT
  [[ -x $COLLECTD && -e $OWAMP_BUILD/plugins/collectd/owamp.so ]] || return 0
  main_conf | collectd_conf main
  collectd_start main
}

teardown_file() { net_down; }

setup() { need_collectd; }

# start_far NAME ARGUMENT...: a responder in B under a name of its own; sets RESPONDER_PORT.
start_far() {
  local name=$1 line
  shift
  start "$name" "$NS_B" "$RESPONDER" -f "$@"
  line=$(wait_for_log "$name" 'listening on .* port [0-9]+')
  RESPONDER_PORT=${line##* }
}

# The one block that most tests look at.
main_conf() {
  cat <<CONF
$SHORT
QuerySocket "$BATS_FILE_TMPDIR/query.sock"
<Peer "open">
  Host "$B4"
  Port $MAIN_PORT
  Mode "open"
</Peer>
<Peer "authenticated">
  Host "$B4"
  Port $MAIN_PORT
  Mode "authenticated"
  KeyID "monitor"
  KeyFile "$PASS"
</Peer>
<Peer "encrypted">
  Host "$B4"
  Port $MAIN_PORT
  Mode "encrypted"
  KeyID "monitor"
  KeyFile "$PASS"
</Peer>
<Peer "oneway">
  Host "$B4"
  Port $MAIN_PORT
  Direction "reverse"
</Peer>
<Peer "unkeyed">
  Host "$B4"
  Port $MAIN_PORT
  Mode "encrypted"
  KeyID "monitor"
  KeyFile "$PASS.wrong"
</Peer>
<Peer "refusing">
  Host "$B4"
  Port 9
</Peer>
<Peer "misspelt">
  Host "$B4"
  Prot 861
</Peer>
<Peer "moody">
  Host "$B4"
  Port $MOODY_PORT
</Peer>
<Peer "cut">
  Host "10.86.1.3"
  Port $CUT_PORT
  Warning "loss=10%"
  Critical "loss@forward=40%"
  Raise "1"
</Peer>
<Peer "hole">
  Host "10.86.1.4"
  Port $HOLE_PORT
  Mode "open"
</Peer>
<Peer "lenient">
  Host "10.86.1.4"
  Port $HOLE_PORT
  Mode "encrypted"
  KeyID "monitor"
  KeyFile "$PASS"
  Critical "5s,100%"
</Peer>
<Peer "lonely">
  Host "$B4"
  Port $LONELY_PORT
  Mode "encrypted"
  KeyID "monitor"
  KeyFile "$PASS"
</Peer>
<Peer "walled">
  Host "$B4"
  Port $WALLED_PORT
</Peer>
<Responder>
  Listen "$A4:8611"
  Mode "open"
  Verbose true
</Responder>
CONF
}

# ask_socket LINE: print the answer of the query socket.
ask_socket() {
  python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall((sys.argv[2] + "\n").encode())
print(s.makefile().readline())' "$BATS_FILE_TMPDIR/query.sock" "$1"
}

# notified NAME SEVERITY PEER [TEXT]: wait for collectd's own log of a notification.
notified() { wait_for_log "$1" "Notification: severity = $2, .*plugin = owamp, plugin_instance = $3, .*message = .*${4:-}" "${5:-40}"; }

@test "collectd: values arrive in all three modes, both directions" {
  local peer direction
  for peer in open authenticated encrypted; do
    for direction in forward reverse; do
      wait_value main "$peer" "bool-$direction-up" 'v == 1'
      wait_value main "$peer" "delay-$direction-p95" 'v > -0.5 && v < 0.5'
      wait_value main "$peer" "delay-$direction-median" 'v > -0.5 && v < 0.5'
      wait_value main "$peer" "delay-$direction-jitter" 'v >= 0 && v < 0.5'
      wait_value main "$peer" "percent-$direction-loss" 'v == 0'
      wait_value main "$peer" "count-$direction-sent" 'v > 10 && v < 100'
    done
    wait_value main "$peer" time_dispersion-clock 'v > 0'
    wait_value main "$peer" delay-rtt 'v > -0.5 && v < 0.5'
  done
}

@test "collectd: intervals follow each other without a gap" {
  local first
  first=$(last_time main open bool-forward-up)
  wait_value main open bool-forward-up 'v == 1' $((${first%.*} + 9)) 40
  csv_of main open bool-forward-up | awk -F, '
    $2 != 1 { print "down at " $1; bad = 1 }
    NR > 1 && ($1 - before < 3.9 || $1 - before > 4.1) { print "from " before " to " $1; bad = 1 }
    { before = $1 } END { exit bad || NR < 3 }'
}

@test "collectd: a direction that isn't asked for has no values" {
  wait_value main oneway bool-reverse-up 'v == 1'
  [[ -z $(csv_of main oneway bool-forward-up) ]]
}

@test "collectd: RRD files hold the same values" {
  local rrd at value
  wait_value main open delay-forward-p95 'v == v'
  rrd=$(collectd_folder main)/rrd/here/owamp-open/delay-forward-p95.rrd
  timeout 20 bash -c "until rrdtool lastupdate '$rrd' 2>/dev/null | grep -qE '^[0-9]+: -?[0-9]'; do sleep 0.2; done"
  rrdtool info "$rrd" | grep -x 'step = 4'
  read -r at value < <(rrdtool lastupdate "$rrd" | tail -n 1 | tr -d :)
  # The csv plugin writes six decimals and the time's fraction.
  csv_of main open delay-forward-p95 | awk -F, -v at="$at" -v value="$value" '
    int($1) == at || int($1 + 0.5) == at { d = $2 - value; if (d < 0) d = -d; found = d < 1e-6 } END { exit !found }'
}

@test "collectd: a misspelt keyword refuses its block by name, and no other" {
  wait_for_log main 'error.*<Peer "misspelt"> is refused: Prot is not a keyword here'
  [[ ! -e $(collectd_folder main)/csv/here/owamp-misspelt ]]
}

@test "collectd: a refusing and an unkeyed peer cost their own values, and one line and notification each" {
  local peer
  for peer in refusing unkeyed; do
    wait_value main "$peer" bool-forward-up 'v == 0'
    wait_value main "$peer" bool-forward-up 'v == 0' "$(last_time main "$peer" bool-forward-up)"
    wait_value main "$peer" percent-forward-loss 'v == "nan"'
    wait_value main "$peer" delay-reverse-p95 'v == "nan"'
    notified main FAILURE "$peer"
    [[ $(log_count main "Notification: .*plugin_instance = $peer,") -eq 1 ]]
    [[ $(log_count main "owamp plugin: .*$peer") -eq 1 ]]
  done
}

@test "collectd: a peer with room for one control connection has values in every interval, and is told of once" {
  local peer since
  for peer in lonely walled; do
    wait_for_log main "peer $peer: has room for one control connection only" 40
    since=$(last_time main "$peer" bool-forward-up)
    wait_value main "$peer" bool-forward-up 'v == 1' $((${since%.*} + 9)) 40
    wait_value main "$peer" bool-forward-up 'v == 1' $((${since%.*} + 17)) 40
    csv_of main "$peer" bool-forward-up | awk -F, -v since="$since" '
      $1 < since { next }
      $2 != 1 || (n && $1 - before > 4.1) { print "at " $1 " " $2; bad = 1 }
      { before = $1; n++ } END { exit bad || n < 4 }'
    csv_of main "$peer" percent-forward-loss | awk -F, -v since="$since" '$1 > since + 4 && $2 != 0 { exit 1 }'
    ask_socket "get $peer 2" | jq -e '.stream | .state == "up" and .single_connection'
    ask_socket "get $peer 2" | jq -e '[.intervals[] | .status] == ["ok", "ok"] and .intervals[0].end < .intervals[1].begin'
    [[ $(log_count main "Notification: .*plugin_instance = $peer,.*") -le 1 ]]
    [[ $(log_count main "owamp plugin: .*peer $peer: .*down") -eq 0 ]]
    [[ $(log_count main "peer $peer: has room for one") -eq 1 ]]
  done
}

@test "collectd: the responder restarts" {
  local since
  wait_value main moody bool-forward-up 'v == 1'
  stop moody
  notified main FAILURE moody
  wait_value main moody bool-forward-up 'v == 0'
  since=$(last_time main moody bool-forward-up)
  start_far moody -S "$B4:$MOODY_PORT"
  notified main OKAY moody
  wait_value main moody bool-forward-up 'v == 1' "$since" 60
}

@test "collectd: packets are lost: a notification is raised, and cleared when they arrive again" {
  local since
  wait_value main cut bool-forward-up 'v == 1'
  drop_udp "$NS_B" in ip daddr 10.86.1.3 numgen inc mod 2 0
  since=$(last_time main cut bool-forward-up)
  notified main FAILURE cut 'forward loss '
  wait_value main cut percent-forward-loss 'v > 30 && v < 70' "$since"
  allow_udp "$NS_B"
  notified main OKAY cut 'forward loss .*within'
  wait_value main cut percent-forward-loss 'v == 0' "$(last_time main cut percent-forward-loss)"
}

# Without a threshold, and whatever they allow; in the log, too.
@test "collectd: nothing arrives while the peer is up, and then it does" {
  local peer way
  for peer in hole lenient; do
    for way in forward reverse; do
      notified main FAILURE "$peer" "$way: nothing arrived of [0-9]* packets"
      wait_for_log main "warning.*owamp plugin: $peer: $way: nothing arrived of [0-9]* packets"
      wait_value main "$peer" "percent-$way-loss" 'v == 100'
    done
    ask_socket "get $peer" | jq -e '.stream.state == "up" and .intervals[0].status == "ok"'
    run "$CHECK_OWAMP" --query "$BATS_FILE_TMPDIR/query.sock" --name "$peer" -c 5s,100%
    [ "$status" -eq 2 ]
    [[ $output == "OWAMP CRITICAL - forward nothing arrived ("*" lost), reverse nothing arrived ("*" lost)|"* ]]
  done
  [[ $(log_count main 'peer (hole|lenient): down') -eq 0 ]]
  in_b nft delete table inet hole
  in_a nft delete table inet hole
  for peer in hole lenient; do
    for way in forward reverse; do
      notified main OKAY "$peer" "$way: packets arrive again"
      wait_for_log main "owamp plugin: $peer: $way: packets arrive again"
    done
  done
}

@test "collectd: a peer that vanishes altogether, and comes back" {
  local since
  wait_value main cut bool-forward-up 'v == 1' "$(last_time main cut bool-forward-up)"
  in_b nft -f - <<'NFT'
table inet owamp_cut {
  chain in { type filter hook input priority 0; ip daddr 10.86.1.3 drop; }
  chain out { type filter hook output priority 0; ip saddr 10.86.1.3 drop; }
}
NFT
  wait_value main cut bool-forward-up 'v == 0' "$(last_time main cut bool-forward-up)" 60
  wait_value main cut percent-forward-loss 'v == "nan" || v == 100' "$(last_time main cut bool-forward-up)" 60
  since=$(last_time main cut bool-forward-up)
  in_b nft delete table inet owamp_cut
  wait_value main cut bool-forward-up 'v == 1' "$since" 90
  wait_value main open bool-forward-up 'v == 1' "$since"
  csv_of main open bool-forward-up | awk -F, '$2 != 1 { exit 1 }'
}

@test "collectd: <Responder> answers check_owamp" {
  wait_for_log main '<Responder> listens on .*8611'
  in_b "$CHECK_OWAMP" -H "$A4" -p 8611 --count 10 --interval 10ms -w loss=0
  wait_for_log main "client $B4 port [0-9]+: session [0-9a-f]{32}: ended, received 10 of 10 packets: stopped by the client"
}

@test "collectd: the query socket tells of every peer, and another collectd takes them from there" {
  ask_socket list | jq -e '[.streams[].name] == ["authenticated", "cut", "encrypted", "hole", "lenient", "lonely", "moody", "oneway", "open", "refusing", "unkeyed", "walled"]'
  ask_socket 'get open' | jq -e '.stream.state == "up" and .intervals[0].results[0].sent > 10'
  printf '<Query "%s">\n</Query>\n' "$BATS_FILE_TMPDIR/query.sock" | collectd_conf reader
  collectd_start reader
  wait_value reader open bool-forward-up 'v == 1'
  wait_value reader oneway bool-reverse-up 'v == 1'
  wait_value reader refusing bool-forward-up 'v == 0'
  stop reader
}

@test "collectd: check_owamp judges the streams at the query socket" {
  local socket=$BATS_FILE_TMPDIR/query.sock
  wait_value main oneway bool-reverse-up 'v == 1'
  run "$CHECK_OWAMP" --query "$socket" --name open --last 2 -w 10s,50% --json
  [ "$status" -eq 0 ]
  jq -e '.stream.state == "up" and (.results | length) == 2 and .results[0].received > 10' <<<"$output"
  run "$CHECK_OWAMP" --query "$socket" --name oneway
  [ "$status" -eq 0 ]
  [[ $output == "OWAMP OK - reverse "* && $output != *fwd_* ]]
  run "$CHECK_OWAMP" --query "$socket" --name refusing
  [ "$status" -ge 2 ]
  [[ $output == "OWAMP "*"stream refusing: "* ]]
}

@test "collectd: a reload is a restart: it ends at once, and goes on with what is new" {
  local since begin
  since=$(last_time main open bool-forward-up)
  begin=$(date +%s%N)
  stop main
  (($(date +%s%N) - begin < 4000000000)) # collectd's own second included
  { main_conf && printf '<Peer "new">\n Host "%s"\n Port %s\n</Peer>\n' "$B4" "$MAIN_PORT"; } | collectd_conf main
  collectd_start main
  wait_value main open bool-forward-up 'v == 1' "$since"
  wait_value main new bool-forward-up 'v == 1'
}

@test "collectd: 50 peers" {
  local number since=()
  stop main
  {
    echo "$SHORT"
    for number in {1..50}; do
      printf '<Peer "p%s">\n Host "%s"\n Port %s\n</Peer>\n' "$number" "$B4" "$MAIN_PORT"
    done
  } | collectd_conf many
  collectd_start many
  for number in {1..50}; do
    wait_value many "p$number" bool-forward-up 'v == 1' >/dev/null
    since[number]=$(last_time many "p$number" bool-forward-up)
  done
  # And another interval of each.
  for number in {1..50}; do
    wait_value many "p$number" bool-forward-up 'v == 1' "${since[number]}" >/dev/null
    wait_value many "p$number" bool-reverse-up 'v == 1' "${since[number]}" >/dev/null
  done
  for number in {1..50}; do
    csv_of many "p$number" bool-forward-up
  done | awk -F, '$2 != 1 { bad++ } END { print NR, bad + 0; exit bad > 0 || NR < 100 }'
  stop many
}

@test "collectd: nothing is wrong with memory, under the address sanitizer" {
  local build=$BATS_TEST_DIRNAME/../../build/asan library peer
  [[ -e $build/plugins/collectd/owamp.so ]] || skip "there is no build with the address sanitizer (./dev build asan)"
  library=$(clang -print-file-name="libclang_rt.asan-$(uname -m).so")
  main_conf | collectd_conf asan "$build"
  collectd_start asan "$NS_A" "LD_PRELOAD=$library" ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=1
  for peer in open authenticated encrypted; do
    wait_value asan "$peer" bool-forward-up 'v == 1'
  done
  wait_value asan refusing bool-forward-up 'v == 0'
  in_b "$CHECK_OWAMP" -H "$A4" -p 8611 --count 10 --interval 10ms -w loss=0
  ask_socket list | jq -e '.streams | length == 12'
  stop moody
  notified asan FAILURE moody
  stop asan
  # collectd itself, and what it loads, leaks; we don't.
  run ! grep -E 'ERROR: AddressSanitizer|runtime error:|DEADLYSIGNAL' "$(log_of asan)"
  run ! grep -E 'owamp|ow_|/(core|plugins)/[a-z]+/[a-z_]+\.c:' <(sed -n '/LeakSanitizer/,$p' "$(log_of asan)")
}
