# SPDX-License-Identifier: MIT
# The forwarder itself: if these fail, the truth isn't one.
load helper

setup_file() { lab_up clean; }
teardown_file() { lab_down; }

# talk COUNT [FAMILY]: B echoes; A sends COUNT datagrams with their number, 1 ms apart, and prints the numbers that come
# back, in order.
talk() {
  : >"$BATS_TEST_TMPDIR/echo.log" # the last one's readiness is not this one's
  in_b python3 -c '
import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 7777)); print("ready", flush=True)
s.settimeout(20)
while True:
    d, a = s.recvfrom(2048)
    if d == b"end": break
    s.sendto(d, a)' "$2" >"$BATS_TEST_TMPDIR/echo.log" 3>&- &
  local echo=$!
  until grep -q ready "$BATS_TEST_TMPDIR/echo.log"; do sleep 0.01; done
  in_a python3 -c '
import socket, sys, time
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.connect((sys.argv[1], 7777)); s.settimeout(float(sys.argv[3]))
for i in range(int(sys.argv[2])):
    s.send(b"%d" % i); time.sleep(0.001)
try:
    while True:
        d = s.recv(2048)
        print(d.decode() if d.isdigit() else "?", end=" ")
except TimeoutError: print()' "$2" "$1" "${3:-1}"
  # The end may be lost too.
  while kill -0 "$echo" 2>/dev/null; do
    in_b python3 -c 'import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b"end", (sys.argv[1], 7777))' "$2"
    sleep 0.02
  done
}

# truth [AWK-CONDITION]: print the numbers in the log since the last scenario for which it holds ($1 way, $4 number,
# $5 copy, $6 in, $7 out, $8 ttl, $10 done).
truth() { awk -F '\t' "/^# scenario/ { delete seen; n = 0 } !/^#/ && (${1:-1}) { seen[n++] = \$4 } END { for (i = 0; i < n; i++) printf \"%s \", seen[i] }" "$LAB_TRUTH"; }

@test "IPv4, IPv6 and TCP pass, and each packet is in the log with its stamps" {
  lab_change clean
  [ "$(talk 5 "$B4")" = "0 1 2 3 4 " ]
  [ "$(talk 5 "$B6")" = "0 1 2 3 4 " ]
  # Each there and back, in both families; a busy host may echo several together.
  [ "$(truth '$7 >= $6 && $7 < $6 + 1e9 && $8 == 64' | tr ' ' '\n' | sort | tr -d '\n')" = 00001111222233334444 ]
  run ! grep -q unstamped "$LAB_TRUTH"
  start_responder "$NS_B"
  run in_a "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" --count 10 --interval 2ms
  [ "$status" -eq 0 ]
  stop_responder
}

@test "chosen packets are lost, and the log has just those" {
  lab_change - <<<'forward loss numbers 2,5-6,9'
  [ "$(talk 10 "$B4")" = "0 1 3 4 7 8 " ]
  [ "$(truth '$1 == "forward" && $7 == "-" && $10 == "lost:numbers"')" = "2 5 6 9 " ]
  lab_change - <<<'reverse loss every 3'
  [ "$(talk 10 "$B4")" = "0 1 3 4 6 7 9 " ]
  lab_change - <<<'forward loss every 4 from 0'
  [ "$(talk 10 "$B4")" = "1 2 3 5 6 7 9 " ]
}

@test "random and bursty loss repeat with the seed" {
  local first
  lab_change - <<<$'seed 5\nforward loss random 30%'
  first=$(talk 100 "$B4")
  [ "$(wc -w <<<"$first")" -gt 50 ] && [ "$(wc -w <<<"$first")" -lt 90 ]
  lab_change - <<<$'seed 5\nforward loss random 30%'
  [ "$(talk 100 "$B4")" = "$first" ]
  lab_change - <<<$'seed 6\nforward loss random 30%'
  [ "$(talk 100 "$B4")" != "$first" ]
  lab_change - <<<$'seed 5\nforward loss gilbert 10% 25%'
  first=$(talk 100 "$B4")
  [ "$(wc -w <<<"$first")" -gt 30 ] && [ "$(wc -w <<<"$first")" -lt 95 ]
}

@test "delay, jitter and order" {
  lab_change slow
  [ "$(talk 5 "$B4")" = "0 1 2 3 4 " ]
  [ "$(truth '$1 == "forward" && $7 - $6 >= 20e6')" = "0 1 2 3 4 " ]
  [ "$(truth '$1 == "reverse" && $7 - $6 >= 30e6')" = "0 1 2 3 4 " ]
  lab_change - <<<'forward delay uniform 1ms 30ms'
  [ "$(talk 30 "$B4" | tr ' ' '\n' | sort -n | tr -d '\n')" = "$(printf %s {0..29})" ]
  run ! diff <(truth '$1 == "forward"') <(printf '%s ' {0..29})
  lab_change - <<<$'forward delay normal 10ms 5ms\nforward order kept'
  [ "$(talk 30 "$B4")" = "$(printf '%s ' {0..29})" ]
}

@test "a trace's delays are taken in turn" {
  printf '50ms\n1ms\n' >"$BATS_FILE_TMPDIR/delays"
  printf 'forward delay trace delays\n' >"$BATS_FILE_TMPDIR/trace.scenario"
  lab_change "$BATS_FILE_TMPDIR/trace.scenario"
  [ "$(talk 4 "$B4")" = "1 3 0 2 " ]
}

@test "duplicates, hops, DSCP and corruption" {
  lab_change - <<<$'forward duplicate numbers 1,3\nforward hops 7\nforward dscp 46'
  [ "$(talk 5 "$B4")" = "0 1 1 2 3 3 4 " ]
  [ "$(truth '$1 == "forward" && $8 == 57 && $5 == 1')" = "1 3 " ]
  lab_change - <<<'forward duplicate numbers 1 after 20ms copies 3'
  [ "$(talk 3 "$B4")" = "0 1 2 1 1 1 " ]
  [ "$(truth '$1 == "forward" && $5 > 0 && $7 != "-"')" = "1 1 1 " ]
  lab_change - <<<$'forward corrupt numbers 2'
  [ "$(talk 5 "$B4")" = "0 1 3 4 " ]
  lab_change - <<<$'reverse hops 64'
  [ "$(talk 5 "$B6")" = "" ]
  lab_change - <<<$'forward corrupt numbers 2 mend\nforward hops 1\nforward dscp 10'
  [ "$(talk 5 "$B6" | wc -w)" -eq 5 ]
}

@test "a blackout begins with the flow" {
  lab_change - <<<'forward blackout 20ms 30ms'
  talk 80 "$B4" >/dev/null
  [[ $(truth '$1 == "forward" && $7 == "-"') =~ ^([0-9]+\ ){5,31}$ ]]
  [ "$(truth '$1 == "forward" && $4 == 0 && $7 == "-"')" = "" ]
  [ "$(truth '$1 == "forward" && $4 == 79 && $7 == "-"')" = "" ]
}

@test "translated addresses work for UDP, TCP and ARP" {
  lab_change - <<<"nat $A4 10.86.1.9"
  ip -n "$NS_A" neigh flush all
  ip -n "$NS_B" neigh flush all
  [ "$(talk 5 "$B4")" = "0 1 2 3 4 " ]
  start_responder "$NS_B"
  run in_a "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" --count 10 --interval 2ms
  wait_for_log responder 10.86.1.9
  stop_responder
  lab_change clean
  ip -n "$NS_A" neigh flush all
  ip -n "$NS_B" neigh flush all
}

@test "a scenario with a mistake is told with its line, and the old one stays" {
  lab_change - <<<'forward loss numbers 0'
  run lab_change - <<<$'forward delay fixed 1ms\nforward delay fixed soon'
  [ "$status" -ne 0 ]
  [[ $output == *":2: 'soon' is not a duration"* ]]
  [ "$(talk 3 "$B4")" = "1 2 " ]
}
