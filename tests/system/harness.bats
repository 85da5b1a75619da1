#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The harness itself: if these fail, no other system test means anything.

load helper

setup_file() { net_up; }
teardown_file() { net_down; }

# Nothing listens on port 9, so a host that is reached answers at once: a reset, or ICMP port unreachable.
tcp_answers() { in_a timeout 2 bash -c "exec 3<>/dev/tcp/$1/9" 2>&1 | grep -q 'Connection refused'; }
udp_answers() {
  in_a bash -c "exec 3<>/dev/udp/$1/9; echo x >&3; read -r -t 0.5 -u 3; ((\$? < 128))" 2>/dev/null
}

@test "both namespaces reach each other over IPv4 and IPv6" {
  tcp_answers "$B4"
  tcp_answers "$B6"
  udp_answers "$B4"
  udp_answers "$B6"
}

@test "drop_udp drops UDP one way, and allow_udp undoes it" {
  drop_udp "$NS_B" in
  drop_udp "$NS_B" in udp dport 9
  run ! udp_answers "$B4"
  tcp_answers "$B4"
  allow_udp "$NS_B"
  drop_udp "$NS_B" out
  udp_answers "$B4"
  allow_udp "$NS_B"
}

@test "a background program's log is waited for, and it ends" {
  start talker "$NS_A" bash -c 'sleep 0.2; echo port 17; exec sleep 60'
  run wait_for_log talker 'port [0-9]+'
  [ "$status" -eq 0 ]
  [ "$output" = "port 17" ]
  run ! wait_for_log talker 'port 18' 0.3
  stop talker
  run ! kill -0 "$(pid_of talker)"
}

@test "waiting for a program that died fails at once, with its log" {
  start victim "$NS_A" bash -c 'echo cannot bind; exit 1'
  SECONDS=0
  run wait_for_log victim 'port [0-9]+' 30
  [ "$status" -ne 0 ]
  [[ $output == *"cannot bind"* ]]
  ((SECONDS < 5))
}

@test "a program that ignores the signal is killed, and said so" {
  start stubborn "$NS_A" bash -c 'trap "" TERM; echo ready; exec sleep 60'
  wait_for_log stubborn ready
  run stop stubborn
  [ "$status" -ne 0 ]
  [[ $output == *"ignored TERM"* ]]
}

@test "net_down removes namespaces and the processes in them" {
  (
    net_up
    start sleeper "$NS_A" sleep 60
    net_down
    [ ! -e "/run/netns/$NS_A" ] && [ ! -e "/run/netns/$NS_B" ]
    [ ! -e "/proc/$(pid_of sleeper)/exe" ]
  )
}
