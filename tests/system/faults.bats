#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What goes wrong around the programs: kills, resets, a host without descriptors, memory or disk, addresses that go and come back. Nobody
# hangs, everybody says why, nothing is left behind, and the next measurement is right..
# tests/system/faults.md has the matrix. FAULTS_KILLS and FAULTS_SEED: how many kills, and which; ./dev soak asks for 200.
load helper
load collectd_helper

AGENTX=$OWAMP_BUILD/plugins/snmp/owamp-agentx

setup() {
  need_net
  CHECK_IN=$NS_A
}

setup_file() {
  net_up
  [[ -z ${NET_REASON:-} ]] || return 0
  export CONF=$BATS_FILE_TMPDIR/conf
  mkdir -p "$CONF" "$BATS_FILE_TMPDIR/run"
  echo "monitor $(printf 'correct horse battery staple' | od -An -v -tx1 | tr -d ' \n')" >"$CONF/owamp-server.pfs"
  chmod 600 "$CONF/owamp-server.pfs"
  printf 'rootfolly\nvardir %s\n' "$BATS_FILE_TMPDIR/run" >"$CONF/owamp-server.conf"
  printf 'limit root with allow_open_mode=on\nassign default root\n' >"$CONF/owamp-server.limits"
  start_responder "$NS_B" -c "$CONF" -S :0
}

teardown() { umount "$BATS_TEST_TMPDIR/disk" 2>/dev/null || true; }

teardown_file() { net_down; }

SHORT=(--count 20 --interval 5ms --loss-timeout 300ms -t 8)
ENCRYPTED=(--mode encrypted --key-id monitor --key-file "$BATS_FILE_TMPDIR/conf/owamp-server.pfs")

# measured_right [OPTION...]: all packets of both directions, none lost.
measured_right() {
  in_a "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" "${SHORT[@]}" --json "$@" >"$BATS_TEST_TMPDIR/right.json" || true
  jq -e '.state == "OK" and (.results | length == 2) and all(.results[]; .completeness == "complete" and .received == 20 and .lost == 0)' \
    "$BATS_TEST_TMPDIR/right.json" >/dev/null || { cat "$BATS_TEST_TMPDIR/right.json" "$(log_of responder)" && return 1; }
}

# check NAME OPTION...: a check in the background, whose last line in NAME.out is its status; collect NAME... sees to it that each ended in
# time and said something.
check() {
  {
    local status=0
    ip netns exec "$CHECK_IN" timeout -s KILL 20 "$CHECK_OWAMP" -H "$B4" "${@:2}" || status=$?
    echo "status $status"
  } >"$BATS_TEST_TMPDIR/$1.out" 2>&1 3>&- &
  CHECKS+=($!)
}

collect() {
  local file
  wait "${CHECKS[@]}"
  CHECKS=()
  for file in "$BATS_TEST_TMPDIR"/*.out; do
    grep -qE '^OWAMP (OK|WARNING|CRITICAL|UNKNOWN) - .{10}' "$file" || { echo "$file:" && cat "$file" && return 1; }
    [[ $(tail -n 1 "$file") =~ ^status\ [0-3]$ ]] || { cat "$file" && return 1; }
  done
}

descriptors() { find "/proc/$(pid_of responder)/fd" -mindepth 1 2>/dev/null | wc -l; }

# given_back COUNT: the responder has no connection, no session, and so many descriptors.
given_back() {
  local end=$((SECONDS + 5)) lines
  while ((SECONDS <= end)); do
    lines=$(wc -l <"$(log_of responder)")
    kill -USR1 "$(pid_of responder)"
    until tail -n +$((lines + 1)) "$(log_of responder)" | grep -q 'longest turn'; do sleep 0.02; done
    if tail -n +$((lines + 1)) "$(log_of responder)" | grep -q ' 0 connections, 0 sessions running' && (($(descriptors) == $1)); then
      return 0
    fi
    sleep 0.05
  done
  echo "not given back: $(descriptors) descriptors, not $1" && tail "$(log_of responder)"
  return 1
}

# restart: on the port that it had.
restart() { start_responder "$NS_B" "$@" -c "$CONF" -S ":$RESPONDER_PORT"; }

start_agentx() {
  start agentx "$NS_A" env SNMP_PERSISTENT_DIR="$BATS_FILE_TMPDIR/sub" SNMPCONFPATH="$BATS_FILE_TMPDIR/sub" "$AGENTX" -f -Le -C \
    -c "$BATS_FILE_TMPDIR/owamp.conf" -x "unix:$BATS_FILE_TMPDIR/no.sock" -p "$BATS_FILE_TMPDIR/agentx.pid"
}

# published: somebody answers for the stream at the query socket.
published() {
  local end=$((SECONDS + 10))
  until in_a "$CHECK_OWAMP" --query "$BATS_FILE_TMPDIR/query.sock" --name b | grep -qv 'cannot connect'; do
    ((SECONDS < end)) || return 1
    sleep 0.02
  done
}

# What collectd measures, is killed at and goes on with; nothing where there is no collectd.
conf_of_collectd() {
  [[ -x $COLLECTD && -e $OWAMP_BUILD/plugins/collectd/owamp.so ]] || return 0
  collectd_conf killed <<CONF
Interval 4
LossTimeout 0.3
PacketInterval 0.02
QuerySocket "$BATS_FILE_TMPDIR/collectd.sock"
<Peer "b">
  Host "$B4"
  Port $RESPONDER_PORT
</Peer>
CONF
}

@test "kills at random points: what starts again finds its place, and the next measurement is right" {
  local i seed=${FAULTS_SEED:-$RANDOM} kills=${FAULTS_KILLS:-12} before
  echo "FAULTS_SEED=$seed"
  RANDOM=$seed
  before=$(descriptors)
  printf 'owampPublish %s\nowampPeer b host %s port %s interval 4s schedule fixed:20ms loss-timeout 300ms\n' \
    "$BATS_FILE_TMPDIR/query.sock" "$B4" "$RESPONDER_PORT" >"$BATS_FILE_TMPDIR/owamp.conf"
  conf_of_collectd
  for ((i = 0; i < kills; i++)); do
    case $((i % 4)) in
      0)
        check "kill$i" -p "$RESPONDER_PORT" "${SHORT[@]}" "${ENCRYPTED[@]}"
        sleep "0.$(printf '%03d' $((RANDOM % 400)))"
        stop responder KILL
        restart
        collect
        ;;
      1)
        start "killed$i" "$NS_A" "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" "${SHORT[@]}"
        sleep "0.$(printf '%03d' $((RANDOM % 400)))"
        stop "killed$i" KILL
        ;;
      2)
        [[ -x $AGENTX ]] || continue
        start_agentx
        sleep "0.$(printf '%03d' $((RANDOM % 400)))"
        stop agentx KILL
        ;;
      3)
        [[ -e $(collectd_folder killed) ]] || continue
        start collectd "$NS_A" "$COLLECTD" -f -C "$(collectd_folder killed)/collectd.conf"
        sleep "0.$(printf '%03d' $((RANDOM % 900)))"
        stop collectd KILL
        ;;
    esac
    ((i % 8)) || measured_right
  done
  measured_right
  given_back "$before"
  if [[ -e $(collectd_folder killed) ]]; then
    collectd_start killed
    wait_value killed b percent-forward-loss 'v == 0' >/dev/null
    stop killed
    [[ ! -e $BATS_FILE_TMPDIR/collectd.sock ]]
    given_back "$before"
  fi
  [[ -x $AGENTX ]] || return 0
  start_agentx
  published || { cat "$(log_of agentx)" && return 1; }
  stop agentx
  [[ ! -e $BATS_FILE_TMPDIR/query.sock && ! -e $BATS_FILE_TMPDIR/agentx.pid ]]
}

@test "a reset at every message: each check ends and says why, and the responder gives all back" {
  local most=24 i before ports passed
  before=$(descriptors)
  start resetter "$NS_B" python3 "$BATS_TEST_DIRNAME/resetter.py" "$B4" "$RESPONDER_PORT" "$most"
  read -ra ports < <(wait_for_log resetter '^[0-9]+ ')
  # On the responder's own host, or its sessions would be with another host than the proxy's.
  CHECK_IN=$NS_B
  for i in "${!ports[@]}"; do check "reset$i" -p "${ports[i]}" "${SHORT[@]}"; done
  collect
  # Whose first message was the end has measured nothing, and who got far enough has.
  run ! grep -qx 'status 0' "$BATS_TEST_TMPDIR/reset$most.out"
  passed=$(grep -lx 'status 0' "$BATS_TEST_TMPDIR"/reset*.out | wc -l)
  ((passed > 0 && passed < 2 * most))
  stop resetter
  given_back "$before"
  measured_right
}

@test "without descriptors and without memory clients are told so, and afterwards all is as before" {
  local before i pid size
  before=$(descriptors)
  pid=$(pid_of responder)
  prlimit --pid "$pid" --nofile=$((before + 6)):
  for i in {1..10}; do check "few$i" -p "$RESPONDER_PORT" "${SHORT[@]}"; done
  collect
  prlimit --pid "$pid" --nofile=1024:
  given_back "$before"
  measured_right
  # No thread can be made for a key, nor much be kept.
  size=$(awk '/^VmSize/ { print $2 * 1024 }' "/proc/$pid/status")
  prlimit --pid "$pid" --as=$((size + 100000)):unlimited
  for i in {1..5}; do
    check "poor$i" -p "$RESPONDER_PORT" "${SHORT[@]}"
    check "keyed$i" -p "$RESPONDER_PORT" "${SHORT[@]}" "${ENCRYPTED[@]}"
  done
  collect
  prlimit --pid "$pid" --as=unlimited:unlimited
  given_back "$before"
  measured_right
  measured_right "${ENCRYPTED[@]}"
}

@test "SIGHUP under load, with good files and broken ones: nothing is lost, and the good ones hold" {
  local i before good=$BATS_TEST_TMPDIR/good
  before=$(descriptors)
  cp "$CONF/owamp-server.limits" "$good"
  for i in {1..6}; do check "loaded$i" -p "$RESPONDER_PORT" --count 200 --interval 10ms --json; done
  for i in {1..40}; do
    if ((i % 2)); then echo 'limit root with nonsense=on' >"$CONF/new"; else cp "$good" "$CONF/new"; fi
    mv "$CONF/new" "$CONF/owamp-server.limits"
    kill -HUP "$(pid_of responder)"
    sleep 0.04
  done
  wait "${CHECKS[@]}"
  CHECKS=()
  for i in {1..6}; do
    sed '$d' "$BATS_TEST_TMPDIR/loaded$i.out" | jq -e 'all(.results[]; .received == 200 and .lost == 0)' >/dev/null ||
      { cat "$BATS_TEST_TMPDIR/loaded$i.out" && return 1; }
  done
  wait_for_log responder 'the former configuration stays in force' >/dev/null
  wait_for_log responder 'configuration read again' >/dev/null
  given_back "$before"
  measured_right
}

@test "an address, and an interface, that goes and comes back within a session: the next measurement is right" {
  local before
  before=$(descriptors)
  check address -p "$RESPONDER_PORT" --count 100 --interval 10ms --loss-timeout 300ms -t 8
  sleep 0.4
  ip -n "$NS_B" address del "$B4/24" dev veth0
  sleep 0.2
  ip -n "$NS_B" address add "$B4/24" dev veth0
  collect
  measured_right
  check interface -p "$RESPONDER_PORT" --count 100 --interval 10ms --loss-timeout 300ms -t 8
  sleep 0.4
  ip -n "$NS_B" link set veth0 down
  sleep 0.2
  ip -n "$NS_B" link set veth0 up
  collect
  measured_right
  given_back "$before"
}

# set_clock NAME OFFSET-S [PPM]: from now on, also for what runs by that clock already.
set_clock() {
  python3 - "$BATS_TEST_TMPDIR/$1" "$2" "${3:-0}" <<'PY'
import mmap, os, struct, sys, time
path, offset, ppm = sys.argv[1], int(sys.argv[2]) * 10**9, int(sys.argv[3])
file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
os.ftruncate(file, 32)
with mmap.mmap(file, 32) as clock:
    times = struct.unpack_from('<Q', clock, 24)[0]
    clock[:] = struct.pack('<qqqQ', offset, ppm, time.monotonic_ns(), times + (ppm == 0))
PY
}

# by_clock NAME COMMAND...
by_clock() { env LD_PRELOAD="$OWAMP_BUILD/tests/lab/libset_clock.so" OWAMP_CLOCK="$BATS_TEST_TMPDIR/$1" "${@:2}"; }

# meanwhile COMMAND...: a measurement by the near clock while that happens half-way. Delays that are told are none of hours, and no clock
# loses packets: the path loses none.
meanwhile() {
  local pid told=$BATS_TEST_TMPDIR/told begun
  begun=$(grep -c ' started, ' "$(log_of responder)") || true
  by_clock near timeout -s KILL 20 ip netns exec "$NS_A" "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" --count 250 --interval 10ms \
    --loss-timeout 300ms -t 10 --json >"$told" 3>&- &
  pid=$!
  until (($(grep -c ' started, ' "$(log_of responder)") >= begun + 2)); do
    [[ -e /proc/$pid ]] || break
    sleep 0.02
  done
  sleep 0.2
  "$@"
  wait "$pid" || (($? <= 3))
  jq -e '(.reason | length > 10) and
    all(.results[]; .lost == 0 and (.clock.stepped or (.delay == null) or (.delay.max < 0.1 and .delay.min > -0.1)))' "$told" >/dev/null ||
    { cat "$told" && return 1; }
}

right_by_near() {
  local told=$BATS_TEST_TMPDIR/right
  by_clock near ip netns exec "$NS_A" "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" "${SHORT[@]}" --json >"$told" || true
  jq -e '.state == "OK" and all(.results[]; .received == 20 and .lost == 0 and .delay.max < 0.1 and .delay.min > -0.1)' "$told" \
    >/dev/null || { cat "$told" && return 1; }
}

@test "clocks are set by an hour, both or one, and slewed, within a session: no wild delay, and the next measurement is right" {
  [[ -e $OWAMP_BUILD/tests/lab/libset_clock.so ]] || skip "tests/lab/set_clock isn't built"
  set_clock near 0
  ln "$BATS_TEST_TMPDIR/near" "$BATS_TEST_TMPDIR/far"
  RESPONDER_PLAIN=$RESPONDER
  stop_responder
  cat >"$BATS_TEST_TMPDIR/responder" <<SH
#!/bin/sh
exec env LD_PRELOAD="$OWAMP_BUILD/tests/lab/libset_clock.so" OWAMP_CLOCK="$BATS_TEST_TMPDIR/far" "$RESPONDER_PLAIN" "\$@"
SH
  chmod +x "$BATS_TEST_TMPDIR/responder"
  RESPONDER=$BATS_TEST_TMPDIR/responder restart -v
  right_by_near
  meanwhile set_clock near 3600
  jq -e 'any(.results[]; .clock.stepped)' "$BATS_TEST_TMPDIR/told" >/dev/null || { cat "$BATS_TEST_TMPDIR/told" && return 1; }
  right_by_near
  meanwhile set_clock near 0
  right_by_near
  meanwhile set_clock near 0 5000
  jq -e 'all(.results[]; .received == 250 and .lost == 0 and (.clock.stepped | not))' "$BATS_TEST_TMPDIR/told" >/dev/null
  right_by_near
  # From now on the responder's is its own.
  rm "$BATS_TEST_TMPDIR/near"
  set_clock far 0
  set_clock near 0
  stop_responder
  RESPONDER=$BATS_TEST_TMPDIR/responder restart -v
  right_by_near
  meanwhile set_clock far 3600
  jq -e '.results[0].completeness == "partial" and .results[0].received > 10' "$BATS_TEST_TMPDIR/told" >/dev/null ||
    { cat "$BATS_TEST_TMPDIR/told" && return 1; }
  wait_for_log responder "this host's clock was set while a session was received" >/dev/null
  set_clock far 0
  right_by_near
  meanwhile set_clock far -3600
  set_clock far 0
  right_by_near
  meanwhile set_clock near 3600
  set_clock near 0
  right_by_near
  meanwhile set_clock near -3600
  set_clock near 0
  right_by_near
  stop_responder
  restart
}

@test "a full disk: the responder answers without its pidfile and log, the subagent says what it can't write" {
  local disk=$BATS_TEST_TMPDIR/disk
  mkdir "$disk" "$BATS_TEST_TMPDIR/full"
  cp -p "$CONF"/* "$BATS_TEST_TMPDIR/full"
  mount -t tmpfs -o size=4k tmpfs "$disk"
  stop_responder
  # The inode is there, but no octet more.
  dd if=/dev/zero of="$disk/zeros" bs=4096 count=1 status=none
  printf 'rootfolly\nvardir %s\n' "$disk" >"$BATS_TEST_TMPDIR/full/owamp-server.conf"
  start_responder "$NS_B" -c "$BATS_TEST_TMPDIR/full" -S ":$RESPONDER_PORT"
  grep -q 'No space left on device; going on without it' "$(log_of responder)"
  measured_right
  stop_responder
  ip netns exec "$NS_B" "$RESPONDER" -f -v -c "$BATS_TEST_TMPDIR/full" -S ":$RESPONDER_PORT" >/dev/full 2>&1 3>&- &
  echo $! >"$BATS_FILE_TMPDIR/responder.pid"
  timeout 5 bash -c "until ip netns exec '$NS_A' bash -c ': >/dev/tcp/$B4/$RESPONDER_PORT' 2>/dev/null; do sleep 0.05; done"
  measured_right
  stop_responder
  if [[ -x $AGENTX ]]; then
    run in_a env SNMP_PERSISTENT_DIR="$BATS_TEST_TMPDIR/sub" "$AGENTX" -f -Le -C -x "unix:$BATS_TEST_TMPDIR/no.sock" -p "$disk/pid"
    [[ $status == 1 && $output == *"$disk/pid: No space left on device"* ]]
  fi
  umount "$disk"
  restart
  measured_right
}
