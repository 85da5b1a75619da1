#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What a stranger may do to a responder while somebody measures beside it.
load helper

setup_file() {
  net_up
  [[ -z ${NET_REASON:-} ]] || return 0
  export CONF=$BATS_FILE_TMPDIR/conf
  mkdir -p "$CONF"
  printf 'rootfolly\n' >"$CONF/owamp-server.conf"
  printf 'limit root with allow_open_mode=on\nassign default root\n' >"$CONF/owamp-server.limits"
}

teardown_file() { net_down; }

teardown() { [[ -z ${RESPONDER_PORT:-} ]] || stop_responder; }

# stranger ATTACK [ARGUMENT...]: begin it from A; returns once it has done its worst.
stranger() {
  start stranger "$NS_A" python3 "$BATS_TEST_DIRNAME/stranger.py" "$B4" "$RESPONDER_PORT" "$@"
  wait_for_log stranger ready
}

# measure [OPTION...]: from A, beside the stranger; nothing is lost, nothing is skipped.
measure() {
  in_a "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" --count 200 --interval 10ms --json "$@" |
    tee /dev/stderr | jq -e '.state == "OK" and all(.results[]; .received == 200 and .lost == 0 and .skipped == 0)'
}

# beside ATTACK [ARGUMENT...]: measure beside it; then the responder stops at once, but for its clients' two seconds.
beside() {
  start_responder "$NS_B" -c "$CONF" -S :0
  stranger "$@"
  measure
  kill -USR1 "$(pid_of responder)"
  wait_for_log responder 'longest turn'
  local before=$EPOCHREALTIME
  stop stranger KILL
  stop_responder
  unset RESPONDER_PORT
  awk -v from="$before" -v to="$EPOCHREALTIME" 'BEGIN { exit !(to - from < 5) }'
}

@test "thousands of millions of overdue packets are skipped while others measure, and a stop waits for none of them" {
  beside overdue 50 -59
}

@test "millions of packets that are lost at once are worked out while others measure" {
  beside lost 5000000
}

@test "fetches that match none of a million records are answered while others measure" {
  beside fetches 1000000 200
}

@test "thousands of sessions on one connection start and stop while others measure" {
  beside rounds 3000 2
}

# attack NAME ATTACK [ARGUMENT...]: begin it from A under a name of its own, for several at once.
attack() {
  local name=$1
  shift
  start "$name" "$NS_A" python3 "$BATS_TEST_DIRNAME/stranger.py" "$B4" "$RESPONDER_PORT" "$@"
  wait_for_log "$name" ready 20
}

# descriptors: print how many the responder has open.
descriptors() { find "/proc/$(pid_of responder)/fd" -type l | wc -l; }

@test "fetchers that don't read, sessions never started, skip ranges of no packet and tiny sessions: others measure, and all is given back" {
  start_responder "$NS_B" -c "$CONF" -S :0
  local name before
  before=$(descriptors)
  attack deaf deaf 200000 20
  attack agreed agreed 1000 10
  attack skips skips 15 16384
  attack tiny tiny 1000
  measure
  # The records of 1.2 million packets, and what is kept of 1000 sessions; not a million ranges beside them.
  (($(awk '/^VmHWM:/ { print $2 }' "/proc/$(pid_of responder)/status") < 100000))
  for name in deaf agreed skips tiny; do stop "$name" KILL; done
  # shellcheck disable=SC2016 # the inner shell expands it
  timeout 60 bash -c 'until (($(find "$1" -type l | wc -l) <= $2)); do sleep 0.1; done' _ "/proc/$(pid_of responder)/fd" "$before"
}

@test "a session that should have begun long ago is refused, and the log says why" {
  start_responder "$NS_B" -c "$CONF" -S :0
  stranger overdue 1 -3600
  [[ $(<"$(log_of stranger)") == *'accept 1'* ]]
  wait_for_log responder 'session refused with .*: the Start Time lies 3600 s back'
  stop stranger KILL
}

# udp_out: print how many datagrams B has sent.
# shellcheck disable=SC2016 # awk expands it
udp_out() { in_b awk '/^Udp:/ && $2 ~ /^[0-9]/ { print $5 }' /proc/net/snmp; }

# vanishes [OPTION...]: a client of a responder with them vanishes, and its address is another's.
vanishes() {
  start_responder "$NS_B" -v "$@" -S :0
  stranger flow 1000000 0.01
  # Nothing tells the responder so but the host, of each packet that comes for it.
  ip netns exec "$NS_A" nft add table ip vanish
  ip netns exec "$NS_A" nft 'add chain ip vanish out { type filter hook output priority 0; }'
  ip netns exec "$NS_A" nft add rule ip vanish out meta l4proto tcp drop
  stop stranger KILL
  wait_for_log responder 'nothing more is sent after 8 answers that nobody listens at its test port' 30
  local sent
  sent=$(udp_out)
  sleep 0.3
  (($(udp_out) == sent))
  ip netns exec "$NS_A" nft delete table ip vanish
}

@test "who gets the address of a client that vanished gets few of its packets, from a port of its own or from one that all share" {
  vanishes -c "$CONF"
  stop_responder
  printf 'rootfolly\ntestports 861\n' >"$CONF/shared.conf"
  cp "$CONF/owamp-server.limits" "$CONF/shared.limits"
  vanishes -c "$CONF/shared.conf"
  wait_for_log responder 'from port 861'
}

@test "a class sends no more at once than its bandwidth of a second, however little its schedules send on average" {
  printf 'limit root with bandwidth=1m, allow_open_mode=on\nassign default root\n' >"$CONF/slow.limits"
  cp "$CONF/owamp-server.conf" "$CONF/slow.conf"
  start_responder "$NS_B" -c "$CONF/slow.conf" -S :0
  local before
  before=$(udp_out)
  stranger burst 20 958 # 1000 octets on the wire
  sleep 2
  stop stranger KILL
  wait_for_log responder '255 test packets were skipped: its class had used up its bandwidth'
  echo "$(($(udp_out) - before)) packets"
  (($(udp_out) - before <= 3 * 157)) # a second's at once, and two seconds
}

# Keys are derived beside the loop, and hosts take turns: the stranger comes over IPv6, the check over IPv4.
@test "wrong keys without end hold up nobody's packets, and nobody else's key" {
  local keys=$CONF/keys.pfs
  printf 'monitor 736563726574\n' >"$keys"
  chmod 600 "$keys"
  cp -p "$keys" "$CONF/costly.pfs"
  cp "$CONF/owamp-server.limits" "$CONF/costly.limits"
  printf 'rootfolly\npbkdf2_count 65536\n' >"$CONF/costly.conf"
  start_responder "$NS_B" -c "$CONF/costly.conf" -S :0
  start stranger "$NS_A" python3 "$BATS_TEST_DIRNAME/stranger.py" "$B6" "$RESPONDER_PORT" wrong_keys 80
  wait_for_log stranger ready
  measure --mode encrypted --key-id monitor --key-file "$keys"
  measure
  kill -USR1 "$(pid_of stranger)" "$(pid_of responder)"
  wait_for_log stranger 'answers'
  wait_for_log responder 'longest turn'
  stop stranger KILL
}

@test "a daemon that knows keys leaves no core dump of them" {
  cd "$BATS_TEST_TMPDIR"
  ulimit -c unlimited
  # $1: what it says once it is ready (-: nothing); the others: what is killed. Prints whether it dumped its core.
  dumps() {
    python3 -c 'import os, signal, subprocess, sys, time
child = subprocess.Popen(sys.argv[2:], stderr=subprocess.PIPE)
sys.argv[1] == "-" or next(line for line in child.stderr if sys.argv[1].encode() in line)
child.send_signal(signal.SIGSEGV)
print(os.WCOREDUMP(os.waitpid(child.pid, 0)[1]))' "$@"
  }
  [[ $(dumps - sleep 60) == True ]] || skip "this host dumps no cores"
  [[ $(dumps listening "$RESPONDER" -f -c "$CONF" -S 127.0.0.1:0) == False ]]
}

@test "who takes all the sessions and connections that there are leaves others their share" {
  printf 'maxcontrolsessions 40\ntestports 9000-9199\nrootfolly\n' >"$CONF/few.conf"
  cp "$CONF/owamp-server.limits" "$CONF/few.limits"
  start_responder "$NS_B" -c "$CONF/few.conf" -S :0
  start stranger "$NS_A" python3 "$BATS_TEST_DIRNAME/stranger.py" "$B6" "$RESPONDER_PORT" hoard 60 300
  wait_for_log stranger ready
  # Three quarters of 200 sessions, and of 40 connections; the rest is refused for now.
  [[ $(<"$(log_of stranger)") == *'sessions 150 accept 0 5'*'connections 30'* ]]
  wait_for_log responder 'session refused with .*: .*::/64 holds 150 sessions, .* above its share of 100'
  wait_for_log responder 'turned away: .*::/64 holds 30 connections, .* above its share of 20'
  measure
  kill -USR1 "$(pid_of responder)"
  wait_for_log responder 'accounts; 30 connections of 1, most of them 30 of .*::/64; .*150 sessions'
  stop stranger KILL
}
