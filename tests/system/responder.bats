#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# owamp-responder by itself: hosts with several addresses, and how it ends.
load helper

# B's further addresses.
OTHER_B4=10.86.1.3 OTHER_B6=fd00:86::3

setup_file() {
  net_up
  [[ -z ${NET_REASON:-} ]] || return 0
  ip -n "$NS_B" address add "$OTHER_B4/24" dev veth0
  ip -n "$NS_B" address add "$OTHER_B6/64" dev veth0 nodad
  export CONF=$BATS_FILE_TMPDIR/conf
  mkdir -p "$CONF"
  # The key of the tests' own client.
  echo "monitor $(printf 'correct horse battery staple' | od -An -v -tx1 | tr -d ' \n')" >"$CONF/owamp-server.pfs"
  chmod 600 "$CONF/owamp-server.pfs"
  printf 'rootfolly\n' >"$CONF/owamp-server.conf"
  printf 'limit root with allow_open_mode=on\nassign default root\n' >"$CONF/owamp-server.limits"
}

teardown_file() { net_down; }

teardown() { [[ -z ${RESPONDER_PORT:-} ]] || stop_responder; }

# split SERVER TESTADDR LOCAL MODE: measure from A by another address than the one that is connected to.
split() { run in_a "$OWAMP_BUILD/tests/split_client" "$1" "$RESPONDER_PORT" "$2" "$3" "$4"; }

@test "a host with two addresses is measured by the one that the client names, both ways, in both families" {
  start_responder "$NS_B" -v -c "$CONF" -S :0
  for mode in open encrypted; do
    split "$B4" "$OTHER_B4" "$A4" "$mode"
    echo "$output"
    [[ $output == 'forward 20/20 reverse 20/20 '* ]]
    split "$B6" "$OTHER_B6" "$A6" "$mode"
    echo "$output"
    [[ $output == 'forward 20/20 reverse 20/20 '* ]]
  done
  wait_for_log responder "asked for test address $OTHER_B4, which is ours: bound to it"
  # Over IPv4 an IPv6 address of the client's is not known to be its own: it is sent to no address but that.
  split "$B4" "$OTHER_B6" "$A6" open
  [[ $output == 'forward 20/20 reverse 0/0 accept 0 3'* ]]
}

@test "an address that is another host's is bound to that of the control connection, and said so" {
  start_responder "$NS_B" -c "$CONF" -S :0
  # 10.86.1.77 is B by rules that rewrite it, as a router does for a server behind it.
  ip netns exec "$NS_A" nft -f - <<NFT
table ip owamp_dnat {
  chain out { type nat hook output priority -100; ip daddr 10.86.1.77 dnat to $B4; }
  chain in { type nat hook input priority 100; ip saddr $B4 meta l4proto udp snat to 10.86.1.77; }
}
NFT
  split 10.86.1.77 10.86.1.77 "$A4" open
  ip netns exec "$NS_A" nft delete table ip owamp_dnat
  echo "$output"
  [[ $output == 'forward 20/20 reverse 20/20 '* ]]
  wait_for_log responder "asked for test address 10.86.1.77, which is not ours: bound to $B4, that of the control connection"
}

# start_measuring NAME ARGUMENT...: check_owamp from A in the background, for some 6 s; returns once its sessions run.
start_measuring() {
  local name=$1 started=${SECONDS}
  shift
  # shellcheck disable=SC2016 # the inner shell expands it
  start "$name" "$NS_A" bash -c 'out=$1; shift; "$@" >"$out"; echo "status $?"' - "$BATS_TEST_TMPDIR/$name.json" \
    "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" --count 300 --interval 20ms --loss-timeout 1s -t 20s --json "$@"
  until kill -USR1 "$(pid_of responder)" && tail -n 10 "$(log_of responder)" | grep -qE ' [1-9][0-9]* sessions running'; do
    ((SECONDS < started + 10))
    sleep 0.1
  done
}

# udp_in: print how many datagrams B has received.
# shellcheck disable=SC2016 # awk expands it
udp_in() { in_b awk '/^Udp:/ && $2 ~ /^[0-9]/ { print $2 }' /proc/net/snmp; }

# await_packets COUNT: so many more datagrams have come to B.
await_packets() {
  local before
  before=$(udp_in)
  while (($(udp_in) < before + $1)); do sleep 0.05; done
}

# measured_partly NAME: it came to its end, was not CRITICAL, and says how far it got.
measured_partly() {
  wait_for_log "$1" '^status [0-9]' || true
  cat "$BATS_TEST_TMPDIR/$1.json" "$(log_of "$1")"
  [[ $(<"$(log_of "$1")") != 'status 2' ]]
  jq -e '(.reason | test("ended the sessions early, after [0-9]+ of 300 ")) and
    all(.results[]; .completeness == "partial" and .received > 0 and .received < 300 and .lost == 0)' \
    "$BATS_TEST_TMPDIR/$1.json"
}

@test "SIGTERM ends running sessions in good order: their clients report a part, and nothing lost" {
  start_responder "$NS_B" -c "$CONF" -S :0
  start_measuring plain
  start_measuring keyed --mode encrypted --key-id monitor --key-file "$CONF/owamp-server.pfs"
  await_packets 50
  local before=$EPOCHREALTIME
  kill -TERM "$(pid_of responder)"
  wait "$(pid_of responder)"
  awk -v from="$before" -v to="$EPOCHREALTIME" 'BEGIN { exit !(to - from < 2) }'
  measured_partly plain
  measured_partly keyed
  grep -q 'stopped by SIGTERM; 4 sessions are ended' "$(log_of responder)"
}

@test "a client that never answers holds a responder that was told to stop for 2 s; a second signal for no time" {
  local client before
  for signals in 1 2; do
    start_responder "$NS_B" -c "$CONF" -S :0
    start_measuring "frozen$signals"
    client=$(pgrep -P "$(pid_of "frozen$signals")" -x check_owamp)
    kill -STOP "$client"
    before=$EPOCHREALTIME
    kill -TERM "$(pid_of responder)"
    wait_for_log responder 'stopped by SIGTERM'
    ((signals == 1)) || kill -TERM "$(pid_of responder)"
    wait "$(pid_of responder)"
    awk -v from="$before" -v to="$EPOCHREALTIME" -v signals="$signals" \
      'BEGIN { took = to - from; print took; exit signals == 1 ? !(took >= 2 && took < 4) : took >= 1.9 }'
    kill -CONT "$client"
    wait_for_log "frozen$signals" '^status [0-9]'
    [[ $(<"$(log_of "frozen$signals")") != 'status 2' || $signals -eq 2 ]]
  done
}

# said COUNT REGEX: the responder's log has that many such lines.
said() {
  local count
  count=$(grep -cE -e "$2" "$(log_of responder)") || true
  ((count == $1)) && return
  echo "$count lines like '$2', not $1, in the log:" && cat "$(log_of responder)"
  return 1
}

# refused: ask from A for more than the class has. Over the second connection, too, it then closes what isn't read.
refused() {
  local said
  said=$(in_a "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" --count 10000 --interval 20us) || (($? == 3))
  echo "$said"
  [[ $said == *'refused the '*'a permanent resource limit (Accept 4)'* ]]
}

@test "-v tells of each session, each fetch, and why clients leave; without it a refusal is one line" {
  local sid session client
  mkdir -p "$BATS_TEST_TMPDIR/limited"
  cp -p "$CONF"/owamp-server.{conf,pfs} "$BATS_TEST_TMPDIR/limited"
  echo 'loglevel ERROR' >>"$BATS_TEST_TMPDIR/limited/owamp-server.conf" # -v has the last word
  printf '%s\n' 'limit root with bandwidth=2m' 'limit known with parent=root' 'assign default root' \
    'assign user monitor known' >"$BATS_TEST_TMPDIR/limited/owamp-server.limits"
  start_responder "$NS_B" -v -c "$BATS_TEST_TMPDIR/limited" -S :0
  client="client ($A4|$A6) port [0-9]+: " session='session [0-9a-f]{32}: '
  for server in "$B4" "$B6"; do
    in_a "$CHECK_OWAMP" -H "$server" -p "$RESPONDER_PORT" --count 20 --interval 10ms
  done
  wait_for_log responder "connection ended: the client closed its connection$"
  said 2 "$client${session}started, receiving 20 packets from ($A4|$A6) port [0-9]+, on port [0-9]+, class root, open mode$"
  said 2 "$client${session}started, sending 20 packets to ($A4|$A6) port [0-9]+, from port [0-9]+, class root, open mode$"
  said 2 "$client${session}ended, received 20 of 20 packets: stopped by the client$"
  said 2 "$client${session}ended, sent 20 of 20 packets: stopped by the client$"
  said 2 "$client${session}fetched, 20 departures of packets 0 to 19$"
  sid=$(in_a "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" --count 20 --interval 10ms --mode encrypted \
    --key-id monitor --key-file "$CONF/owamp-server.pfs" --json | jq -r '.results[] | select(.direction == "forward").sid')
  said 2 "$client${session}started, .*, class known, KeyID \"monitor\", encrypted$"
  in_a "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" --fetch "$sid" --mode encrypted --key-id monitor \
    --key-file "$CONF/owamp-server.pfs"
  said 1 "${client}session $sid: fetched, 20 records of all packets$"
  in_a "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" --fetch "$sid" || (($? == 3))
  said 1 "${client}session $sid: not fetched, all packets: it is another client's$"
  refused
  said 1 "${client}session refused with a permanent resource limit \\(Accept 4\\): class root has 2000000 bit/s"
  start_measuring killed
  await_packets 50
  kill -KILL "$(pgrep -P "$(pid_of killed)" -x check_owamp)"
  wait_for_log responder "$client${session}ended, received [1-9][0-9]* packets, of 300 agreed on: the client closed its connection$"
  said 1 "${client}connection ended: the client closed its connection, with its sessions open$"
  said 1 "$client${session}ended, sent [1-9][0-9]* of 300 packets: the client closed its connection$"
  said 0 'Stop-Sessions|ready' # that is debugging
  stop_responder

  sed -i '$d' "$BATS_TEST_TMPDIR/limited/owamp-server.conf"
  start_responder "$NS_B" -c "$BATS_TEST_TMPDIR/limited" -S :0
  refused
  in_a "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" --count 20 --interval 10ms
  said 1 "${client}session refused with "
  said 1 'client '
  stop_responder
  start_responder "$NS_B" -vv -c "$BATS_TEST_TMPDIR/limited" -S :0
  refused
  wait_for_log responder "${client}connection ended: "
  wait_for_log responder "${client}says Set-Up-Response$"
  wait_for_log responder "${client}ready, for 1800 s at most$"
}

# in_status FIELD: what each thread of the responder has there, each value once.
in_status() { sed -n "s/^$1:\t//p" /proc/"$(pid_of responder)"/task/*/status | sort -u; }

@test "it answers from a sandbox, in which it reads its files again and removes its pidfile; --no-sandbox does without" {
  local conf=$BATS_TEST_TMPDIR/sandboxed
  mkdir -p "$conf" "$BATS_TEST_TMPDIR/run"
  cp -p "$CONF"/owamp-server.{pfs,limits} "$conf"
  printf 'user nobody\nvardir %s\n' "$BATS_TEST_TMPDIR/run" >"$conf/owamp-server.conf"
  chmod 755 "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR" "$conf"
  chown nobody "$BATS_TEST_TMPDIR/run" "$conf"/owamp-server.*
  start_responder "$NS_B" -v -c "$conf" -S :0
  wait_for_log responder 'in a sandbox$' || skip "no libseccomp in this build, or no Landlock in this kernel"
  [[ $(in_status Seccomp) == 2 && $(in_status NoNewPrivs) == 1 ]]
  in_a "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" --count 20 --interval 10ms --mode encrypted --key-id monitor \
    --key-file "$CONF/owamp-server.pfs"
  in_a "$CHECK_OWAMP" -H "$B6" -p "$RESPONDER_PORT" --count 20 --interval 10ms
  # A new file in its place, as editors make it.
  cp -p "$conf/owamp-server.conf" "$conf/new"
  mv "$conf/new" "$conf/owamp-server.conf"
  kill -HUP "$(pid_of responder)"
  wait_for_log responder 'configuration read again'
  [[ -s $BATS_TEST_TMPDIR/run/owamp-server.pid ]]
  kill -TERM "$(pid_of responder)"
  wait "$(pid_of responder)"
  [[ ! -e $BATS_TEST_TMPDIR/run/owamp-server.pid ]]
  start_responder "$NS_B" --no-sandbox -c "$conf" -S :0
  [[ $(in_status Seccomp) == 0 && $(in_status NoNewPrivs) == 1 ]]
  in_a "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" --count 20 --interval 10ms
}
