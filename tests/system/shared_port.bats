#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# testports 861: every test packet of the server's end comes to, or leaves from, UDP port 861. B's firewall, which has one
# rule for UDP, counts what else would be.
load helper
load collectd_helper

PACE=(--count 40 --schedule fixed:5ms --loss-timeout 1s)

setup_file() {
  net_up
  [[ -z ${NET_REASON:-} ]] || return 0
  export CONF=$BATS_FILE_TMPDIR/conf KEYS=$BATS_FILE_TMPDIR/conf/owamp-server.pfs host
  mkdir "$CONF"
  chmod 755 "$BATS_FILE_TMPDIR" "$CONF"
  printf 'testports 861\nuser nobody\ngroup nogroup\nloglevel INFO\n' >"$CONF/owamp-server.conf"
  printf 'monitor 636f727265637420686f727365\n' >"$KEYS"
  printf 'limit root with allow_open_mode=on\nassign default root\n' >"$CONF/owamp-server.limits"
  # More clients' addresses, for equal ports.
  for host in 11 12 13; do ip -n "$NS_A" address add "10.86.1.$host/24" dev veth0; done
  ip -n "$NS_A" address add fd00:86::13/64 dev veth0 nodad
  start_responder "$NS_B" -c "$CONF" -S ":0"
}

teardown_file() { net_down; }

# wall: B's firewall from now on; with `in`, for what comes only.
wall() {
  in_b nft -f - <<NFT
table inet wall {
  counter other {}
  counter shared_in {}
  counter shared_out {}
  chain in { type filter hook input priority 0; iif lo accept; meta l4proto udp udp dport 861 counter name shared_in accept;
    meta l4proto udp counter name other drop; }
  ${1:+#} chain out { type filter hook output priority 0; oif lo accept; meta l4proto udp udp sport 861 counter name shared_out accept; meta l4proto udp counter name other drop; }
}
NFT
}

# packets COUNTER: so many passed it.
packets() { in_b nft -j list counter inet wall "$1" | jq '.nftables[] | select(.counter) | .counter.packets'; }

no_wall() { in_b nft delete table inet wall 2>/dev/null || true; }

teardown() {
  [[ -n ${NET_REASON:-} ]] || no_wall
}

measure() { in_a "$CHECK_OWAMP" -p "$RESPONDER_PORT" "${PACE[@]}" --json "$@"; }

# all_arrived COUNT: in the JSON on standard input, in each direction that was measured, and nothing else came.
all_arrived() {
  tee /dev/stderr | jq -e --argjson count "$1" '.state == "OK" and
    all(.results[]; .sent == $count and .received == $count and .lost == 0 and .discarded == 0 and .duplicates == 0)' >/dev/null
}

@test "each mode, direction and family is measured through one rule, after privileges were given up" {
  local family mode
  [ "$(stat -c %U "/proc/$(pid_of responder)")" = nobody ]
  wall
  for family in "$B4" "$B6"; do
    for mode in open authenticated encrypted; do
      measure -H "$family" --mode "$mode" --key-id monitor --key-file "$KEYS" --dscp EF | all_arrived 40
    done
  done
  measure -H "$B4" --direction forward | all_arrived 40
  measure -H "$B6" --direction reverse | all_arrived 40
  [ "$(packets other)" -eq 0 ]
  [ "$(packets shared_in)" -ge $((7 * 40)) ]
  [ "$(packets shared_out)" -ge $((7 * 40)) ]
  [ "$(find "/proc/$(pid_of responder)/fd" -lname 'socket:*' | wc -l)" -le 8 ]
}

@test "clients with equal ports behind different addresses, and another test address, are told apart" {
  local address
  ip -n "$NS_B" address add 10.86.1.9/24 dev veth0
  wall
  for address in "$A4" 10.86.1.11 10.86.1.12 10.86.1.13; do
    start "client-$address" "$NS_A" "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" "${PACE[@]}" --json --source "$address" \
      --ports 9000-9001
  done
  for address in "$A4" 10.86.1.11 10.86.1.12 10.86.1.13; do
    timeout 20 tail -s 0.05 --pid="$(pid_of "client-$address")" -f /dev/null
    all_arrived 40 <"$(log_of "client-$address")"
  done
  measure -H 10.86.1.9 | all_arrived 40
  [ "$(packets other)" -eq 0 ]
}

@test "strangers and forged tuples reach no session, and are counted" {
  start victim "$NS_A" "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" --count 200 --interval 10ms --json --source "$A4" \
    --ports 9000-9001
  # The right host with other ports, other hosts with the right port, and the right tuple's far end to another address.
  in_a python3 - "$B4" <<'PYTHON'
import socket, sys, time
sockets = []
for address, port in [("10.86.1.1", 0)] * 3 + [(f"10.86.1.{host}", port) for host in (11, 12, 13) for port in (9000, 9001)]:
    sockets.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    sockets[-1].bind((address, port))
for round in range(50):
    for each in sockets:
        each.sendto(round.to_bytes(4, "big") + bytes(40), (sys.argv[1], 861))
    time.sleep(0.02)
PYTHON
  timeout 20 tail -s 0.05 --pid="$(pid_of victim)" -f /dev/null
  all_arrived 200 <"$(log_of victim)"
  kill -USR1 "$(pid_of responder)"
  local line
  line=$(wait_for_log responder 'UDP port 861: [0-9]+ datagrams belonged to no session')
  [[ $line =~ 861:\ ([0-9]+) ]]
  [ "${BASH_REMATCH[1]}" -ge 450 ]
}

@test "who names another host's ports keeps it from no place at the shared port" {
  start named "$NS_A" python3 "$BATS_TEST_DIRNAME/stranger.py" --from 10.86.1.11 "$B4" "$RESPONDER_PORT" named "$A4" 9000 9003
  wait_for_log named ready
  wall
  measure -H "$B4" --source "$A4" --ports 9000-9003 | all_arrived 40
  [ "$(packets other)" -eq 0 ]
  wait_for_log responder "only $A4 itself can ask for a place at it"
  stop named
}

@test "that nobody listens is believed of the client's host alone, in both families" {
  # told_lies NAME SERVER CLIENT LIAR PORT
  told_lies() {
    start "$1" "$NS_A" "$CHECK_OWAMP" -H "$2" -p "$RESPONDER_PORT" --count 800 --schedule fixed:10ms --json --source "$3" \
      --ports "$5-$5" --direction reverse -t 30
    wait_for_log responder "started, sending 800 packets to $3 port $5"
    start "liar-$1" "$NS_A" python3 "$BATS_TEST_DIRNAME/stranger.py" --from "$4" "$2" "$RESPONDER_PORT" unreachable "$3" "$5"
    wait_for_log "liar-$1" ready
    kill -0 "$(pid_of "$1")" # its session still runs
  }
  told_lies four "$B4" "$A4" 10.86.1.13 9004
  told_lies six "$B6" "$A6" fd00:86::13 9005
  local family
  for family in four six; do
    timeout 30 tail -s 0.05 --pid="$(pid_of "$family")" -f /dev/null
    stop "liar-$family"
    all_arrived 800 <"$(log_of "$family")"
  done
}

@test "two clients with equal ports behind one NAT: a key tells them apart at the shared port" {
  local router="owamp-r-$BASHPID" number inner
  ip netns add "$router"
  ip -n "$router" link add name wan type veth peer name back netns "$NS_B"
  ip -n "$router" address add 10.88.0.1/24 dev wan
  ip -n "$router" link set wan up
  ip -n "$NS_B" address add 10.88.0.2/24 dev back
  ip -n "$NS_B" link set back up
  ip netns exec "$router" sysctl -qw net.ipv4.ip_forward=1
  for number in 1 2; do
    inner="owamp-n$number-$BASHPID"
    ip netns add "$inner"
    ip -n "$inner" link add name inside type veth peer name "lan$number" netns "$router"
    ip -n "$inner" address add "10.87.$number.2/24" dev inside
    ip -n "$inner" link set inside up
    ip -n "$inner" route add default via "10.87.$number.1"
    ip -n "$router" address add "10.87.$number.1/24" dev "lan$number"
    ip -n "$router" link set "lan$number" up
  done
  ip netns exec "$router" nft 'table ip nat { chain post { type nat hook postrouting priority 100; oifname wan masquerade; }; }' ||
    skip "no nftables NAT in this kernel"
  wall in
  for number in 1 2; do
    start "behind$number" "owamp-n$number-$BASHPID" "$CHECK_OWAMP" -H 10.88.0.2 -p "$RESPONDER_PORT" --nat --json \
      --ports 9000-9001 --count 100 --schedule fixed:10ms --mode authenticated --key-id monitor --key-file "$KEYS"
  done
  for number in 1 2; do timeout 20 tail -s 0.05 --pid="$(pid_of "behind$number")" -f /dev/null; done
  run ip netns exec "owamp-n1-$BASHPID" "$CHECK_OWAMP" -H 10.88.0.2 -p "$RESPONDER_PORT" --nat --diagnose "${PACE[@]}"
  [[ $output =~ none\ of\ [0-9]+\ packets\ to\ 10.88.0.2\ port\ [0-9]+\ arrived && $output == *'by a key only: use --key-id and --key-file'* ]]
  no_wall
  # Without a key nothing would tell them apart: each gets a port of its own.
  ip netns exec "owamp-n1-$BASHPID" "$CHECK_OWAMP" -H 10.88.0.2 -p "$RESPONDER_PORT" --nat --json "${PACE[@]}" \
    >"$BATS_TEST_TMPDIR/open"
  ip netns delete "owamp-n1-$BASHPID"
  ip netns delete "owamp-n2-$BASHPID"
  ip netns delete "$router"
  for number in 1 2; do all_arrived 100 <"$(log_of "behind$number")"; done
  all_arrived 40 <"$BATS_TEST_TMPDIR/open"
  wait_for_log responder 'gets a UDP port of its own, [0-9]+ in place of 861: without a key'
}

@test "the port is one program's alone, and stays until the next start" {
  local conf=$BATS_TEST_TMPDIR/conf port
  mkdir "$conf"
  printf 'testports 861\nrootfolly\n' >"$conf/owamp-server.conf"
  start first "$NS_A" "$RESPONDER" -f -c "$conf" -S ":0"
  port=$(wait_for_log first 'listening on .* port [0-9]+')
  run in_a "$RESPONDER" -f -c "$conf" -S ":0"
  [ "$status" -eq 1 ]
  [[ $output == *"owamp-server.conf:1: testports: UDP port 861 is taken; a responder beside another one needs a configuration of its own (-c)"* ]]
  run in_a "$RESPONDER" --check -c "$conf"
  [ "$status" -eq 0 ]
  printf 'testports 9000-9100\nrootfolly\n' >"$conf/owamp-server.conf"
  kill -HUP "$(pid_of first)"
  wait_for_log first 'a changed testports takes effect at the next start'
  wait_for_log first 'configuration read again'
  start far_check "$NS_B" "$CHECK_OWAMP" -H "$A4" -p "${port##* port }" "${PACE[@]}" --json
  timeout 20 tail -s 0.05 --pid="$(pid_of far_check)" -f /dev/null
  all_arrived 40 <"$(log_of far_check)"
  stop first
  run -1 grep -E 'port 9[0-9]{3},|port of its own' "$(log_of first)"
}

@test "the service manager opens UDP 861 as well: who is not root needs no capability" {
  local conf port family
  ldd "$RESPONDER" | grep -q libsystemd || skip "built without libsystemd"
  conf=$(mktemp -d) # which nobody can reach, as those of Bats can't be
  chmod 755 "$conf"
  printf 'testports 861\n' >"$conf/owamp-server.conf"
  start given "$NS_A" python3 "$BATS_TEST_DIRNAME/given_sockets.py" nobody "$RESPONDER" -f -c "$conf"
  port=$(wait_for_log given "listening on the service manager's sockets, port [0-9]+")
  wait_for_log given 'all test sessions share UDP port 861'
  [[ $(sed -n 's/^Cap\(Eff\|Prm\|Amb\):\t//p' "/proc/$(pid_of given)/status" | sort -u) == 0000000000000000 ]]
  for family in "$A4" "$A6"; do
    in_b "$CHECK_OWAMP" -H "$family" -p "${port##* port }" "${PACE[@]}" --json | all_arrived 40
  done
  stop given
  run -1 grep 'port of its own' "$(log_of given)"
  # Those of STAMP and TWAMP are told by their port.
  printf 'testports 861\nreflectport 862\ntwampnode :862\n' >"$conf/owamp-server.conf"
  printf 'limit root with allow_open_mode=on\nassign default root\nassign stamp %s root\n' "$B4" >"$conf/owamp-server.limits"
  TWAMP=1 start given "$NS_A" python3 "$BATS_TEST_DIRNAME/given_sockets.py" nobody "$RESPONDER" -f -c "$conf"
  port=$(wait_for_log given "listening on the service manager's sockets, port [0-9]+")
  wait_for_log given 'listening for TWAMP on .*port 862, UDP port 862'
  [[ $(sed -n 's/^Cap\(Eff\|Prm\|Amb\):\t//p' "/proc/$(pid_of given)/status" | sort -u) == 0000000000000000 ]]
  in_b "$CHECK_OWAMP" -H "$A4" -p "${port##* port }" "${PACE[@]}" --json | all_arrived 40
  in_b "$CHECK_OWAMP" -H "$A4" --protocol stamp "${PACE[@]}" --json | all_arrived 40
  in_b "$CHECK_OWAMP" -H "$A6" --protocol twamp "${PACE[@]}" --json | all_arrived 40
  stop given
  rm "$conf/owamp-server.limits"
  # What the configuration says of the port must be what was opened.
  for port in 862 9000-9100; do
    printf 'testports %s\n' "$port" >"$conf/owamp-server.conf"
    run in_a timeout 10 python3 "$BATS_TEST_DIRNAME/given_sockets.py" nobody "$RESPONDER" -f -c "$conf"
    [ "$status" -eq 1 ]
    [[ $output == *'the service manager opened UDP sockets'* ]]
  done
  rm -r "$conf"
}

@test "systemd keeps the ports that root opened: the service needs no capability, nor users but its own" {
  local conf main family
  ldd "$RESPONDER" | grep -q libsystemd || skip "built without libsystemd"
  conf=$(mktemp -d)
  chmod 755 "$conf"
  printf 'srcnode :861\ntestports 861\nreflectport 862\ntwampnode :862\n' >"$conf/owamp-server.conf"
  printf 'limit root with allow_open_mode=on\nassign default root\nassign stamp %s root\n' "$B4" >"$conf/owamp-server.limits"
  start kept "$NS_A" python3 "$BATS_TEST_DIRNAME/kept_sockets.py" nobody "$RESPONDER" -f -c "$conf"
  # Of the configuration's ports: that it says where to listen means something.
  wait_for_log kept 'listening on [*] port 861$'
  wait_for_log kept 'listening for TWAMP on [*] port 862, UDP port 862'
  run ! grep -E 'means nothing|left to the service' "$(log_of kept)"
  main=$(sed -n 's/^main: //p' "$(log_of kept)")
  [[ $(sed -n 's/^Cap\(Eff\|Prm\|Amb\):\t//p' "/proc/$main/status" | sort -u) == 0000000000000000 ]]
  [[ $(stat -c %U "/proc/$main") == nobody && $(wc -l <"/proc/$main/uid_map") == 2 ]]
  for family in "$A4" "$A6"; do
    in_b "$CHECK_OWAMP" -H "$family" "${PACE[@]}" --json | all_arrived 40
  done
  in_b "$CHECK_OWAMP" -H "$A4" --protocol stamp "${PACE[@]}" --json | all_arrived 40
  in_b "$CHECK_OWAMP" -H "$A6" --protocol twamp "${PACE[@]}" --json | all_arrived 40
  # They were given back, and end with it.
  [[ $(grep -c '^told: FDSTOREREMOVE=1 FDNAME=owamp-ports$' "$(log_of kept)") == 2 ]]
  stop kept
  [[ $(in_a ss -Hlntu 'sport = :861 or sport = :862') == '' ]]
  # Its reflector's port may be the one of its test sessions, too.
  printf 'srcnode :861\ntestports 861\nreflectport 861\n' >"$conf/owamp-server.conf"
  start kept "$NS_A" python3 "$BATS_TEST_DIRNAME/kept_sockets.py" nobody "$RESPONDER" -f -c "$conf"
  wait_for_log kept 'listening on [*] port 861$'
  in_b "$CHECK_OWAMP" -H "$A4" --protocol stamp -p 861 "${PACE[@]}" --json | all_arrived 40
  stop kept
  # What it can't be given: a sentence says what to do.
  printf 'testports 900-950\n' >"$conf/owamp-server.conf"
  run in_a timeout 10 python3 "$BATS_TEST_DIRNAME/kept_sockets.py" nobody "$RESPONDER" -f -c "$conf"
  [[ $status == 1 && $output == *"testports: port 900 is for root"* && $output == *'PrivateUsers=no, AmbientCapabilities='* ]]
  printf 'testports 861\n' >"$conf/owamp-server.conf"
  start taker "$NS_A" socat -u UDP4-RECVFROM:861 STDOUT
  in_a timeout 5 bash -c 'until grep -q ":035D " /proc/net/udp; do sleep 0.02; done'
  run in_a timeout 10 python3 "$BATS_TEST_DIRNAME/kept_sockets.py" nobody "$RESPONDER" -f -c "$conf"
  stop taker
  [[ $status == 1 && $output == *'UDP 0.0.0.0 port 861 is taken; it is left to the service'* ]]
  [[ $output == *'owamp-responder.service gives it ports below 1024 by --open-ports in ExecStartPre='* ]]
  printf 'reflectport 8620\ntwampnode :smtp\n' >"$conf/owamp-server.conf"
  run in_a timeout 10 python3 "$BATS_TEST_DIRNAME/kept_sockets.py" nobody "$RESPONDER" -f -c "$conf"
  [[ $status == 1 && $output == *"twampnode: port smtp isn't a number"*'left to the service'*'by --open-ports in ExecStartPre='* ]]
  # Without anybody who keeps them it is an error.
  run in_a "$RESPONDER" --open-ports -c "$conf"
  [[ $status == 1 && $output == *'nobody keeps sockets for a service here'* ]]
  rm -r "$conf"
}

@test "collectd's responder shares a port, too, and a stream goes from interval to interval through one rule" {
  need_collectd
  stop responder
  collectd_conf far <<'CONF'
<Responder>
  Listen ":8613"
  TestPorts "861"
</Responder>
CONF
  collectd_start far "$NS_B"
  collectd_conf near <<CONF
<Peer far>
  Host "$B4"
  Port 8613
  Interval 4
  PacketInterval 0.05
  LossTimeout 0.5
</Peer>
CONF
  wall
  collectd_start near "$NS_A"
  local since way
  wait_value near far percent-forward-loss 'v == 0' >/dev/null
  since=$(last_time near far percent-forward-loss)
  for way in forward reverse; do wait_value near far "percent-${way}-loss" 'v == 0' "$((${since%.*} + 2))" 15; done
  [ -z "$(csv_of near far percent-forward-loss | awk -F, '$2 > 0')" ]
  [ -z "$(csv_of near far percent-reverse-loss | awk -F, '$2 > 0')" ]
  [ "$(packets other)" -eq 0 ]
  stop near
  stop far
}
