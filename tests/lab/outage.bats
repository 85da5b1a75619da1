# SPDX-License-Identifier: MIT
# A path or a host that lets nothing through is no OK, whatever the thresholds allow.
load helper

setup_file() {
  lab_up clean
  [[ -z ${NET_REASON:-} ]] || return 0
  export KEYS=$BATS_FILE_TMPDIR/conf/owamp-server.pfs
  mkdir "$BATS_FILE_TMPDIR/conf"
  echo 'monitor 636f727265637420686f727365' >"$KEYS"
  chmod 600 "$KEYS"
  LD_PRELOAD=$ONE_CLOCK start_responder "$NS_B" -c "$BATS_FILE_TMPDIR/conf" -S "$B4:0"
  LD_PRELOAD=$ONE_CLOCK start responder6 "$NS_B" "$RESPONDER" -f -c "$BATS_FILE_TMPDIR/conf" -S "[::]:0"
  PORT6=$(wait_for_log responder6 'listening on .* port [0-9]+')
  export PORT6=${PORT6##* }
}

teardown_file() { lab_down; }

# check NAME OPTION...: start one in the background; its verdict goes to $BATS_TEST_TMPDIR/NAME.
check() {
  local name=$1
  shift
  start "$name" "$NS_A" env LD_PRELOAD="$ONE_CLOCK" "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" --count "${COUNT:-20}" \
    --interval 10ms --loss-timeout 300ms -t 20 --key-id monitor --key-file "$KEYS" "$@"
}

# ends NAME STATUS REGEX: it ends so, and its first line matches.
ends() {
  local status=0 line
  wait "$(pid_of "$1")" || status=$?
  line=$(sed -n '1s/|.*//p' "$(log_of "$1")")
  [[ $status -eq $2 && $line =~ $3 ]] || { echo "$1: exit status $status, not $2 with '$3': $(<"$(log_of "$1")")" && return 1; }
}

# flows WAY COUNT: wait until packets of so many have passed since the scenario was loaded.
flows() {
  local deadline=$((SECONDS + 10))
  until (($(awk -v way="$1" '/^# scenario/ { delete seen } $1 == way { seen[$3] } END { print length(seen) }' "$LAB_TRUTH") >= $2)); do
    ((SECONDS < deadline)) || { tail "$LAB_TRUTH" && return 1; }
    sleep 0.02
  done
}

@test "nothing arrives: forward, reverse and both ways, in open and encrypted mode, whatever -c allows" {
  local way mode
  for way in forward reverse both; do
    lab_change - <<<"$way loss every 1"
    for mode in open encrypted; do
      check "$mode-none" --mode "$mode"
      check "$mode-loss" --mode "$mode" -c loss=100%
      check "$mode-delay" --mode "$mode" -c 5s,100%
      check "$mode-lost" --mode "$mode" -c lost=1000
    done
    check six -H "$B6" -p "$PORT6"
    check lenient -c loss=100% --nothing-arrived ok
    check warned -c loss=100% --nothing-arrived warning
    check few --min-packets 21
    local hole='nothing arrived \(20/20 lost\)' well='[0-9.]+ [a-z]+' words mild
    case $way in
      forward)
        words="forward $hole, reverse $well"
        mild="forward $hole, reverse $well, 0 % lost \(p95, .*\)"
        ;;
      reverse)
        words="reverse $hole, forward $well"
        mild="forward $well, 0 % lost, reverse $hole \(p95, .*\)"
        ;;
      both)
        words="forward $hole, reverse $hole"
        mild=$words
        ;;
    esac
    words="^OWAMP [A-Z]+ - $words\$"
    for mode in open encrypted; do
      ends "$mode-none" 2 "$words"
      ends "$mode-loss" 2 "$words"
      ends "$mode-delay" 2 "$words"
      ends "$mode-lost" 2 "$words"
    done
    ends six 2 "$words"
    ends lenient 0 "^OWAMP OK - $mild\$"
    ends warned 1 "$words"
    ends few 3 'nothing arrived \(20/20 lost\), too few packets to tell \(--min-packets 21\)'
  done
}

# An ICMP error is about an earlier packet: the one that the kernel then keeps back is sent all the same.
@test "what a firewall on the way answers is loss, and no refusal, in both families" {
  lab_change clean
  in_b sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
  in_b nft 'add table inet wall; add chain inet wall in { type filter hook input priority 0; };
    add rule inet wall in ip protocol udp reject with icmp admin-prohibited;
    add rule inet wall in ip6 nexthdr udp reject with icmpv6 admin-prohibited'
  check four
  check six -H "$B6" -p "$PORT6"
  ends four 2 '^OWAMP CRITICAL - forward nothing arrived \(20/20 lost\), reverse [0-9.]+ [a-z]+$'
  ends six 2 '^OWAMP CRITICAL - forward nothing arrived \(20/20 lost\), reverse [0-9.]+ [a-z]+$'
  in_b nft delete table inet wall
}

@test "a host that sends nothing says why" {
  local mode
  lab_change clean
  drop_udp "$NS_A" out
  for mode in open encrypted; do
    check "$mode" --mode "$mode" -c 5s,100%
    check "$mode-json" --mode "$mode" --json
  done
  for mode in open encrypted; do
    ends "$mode" 2 'CRITICAL - forward none of 20 packets was sent: Operation not permitted \(a firewall of this host\), reverse [0-9.]+ [a-z]+$'
    ends "$mode-json" 2 ''
    jq -e '.results[0] | .completeness == "partial" and .sent == 0 and .skipped == 20 and .refused == 20 and
      .refusal == "Operation not permitted"' "$(log_of "$mode-json")"
  done
  allow_udp "$NS_A"
  in_a nft 'add table inet wall; add chain inet wall out { type filter hook output priority 0; };
    add rule inet wall out meta l4proto udp reject'
  check rejected
  ends rejected 2 'forward none of 20 packets was sent: Operation not permitted'
  in_a nft delete table inet wall
  # The control connection has a route still.
  in_a ip rule add ipproto udp priority 1 unreachable
  check routeless -c loss=100%
  ends routeless 2 'CRITICAL - cannot send UDP to .*: Network is unreachable'
  in_a ip rule del priority 1
}

@test "a route that goes away within a session leaves a part" {
  lab_change clean
  COUNT=200 check vanishing
  flows forward 1
  in_a ip rule add ipproto udp priority 1 unreachable
  ends vanishing 3 'UNKNOWN - forward [0-9]+ of 200 packets were never sent: Network is unreachable, forward [0-9.]+ [a-z]+, reverse'
  in_a ip rule del priority 1
}

@test "a server that sends nothing leaves a part, and says why in its log" {
  lab_change clean
  drop_udp "$NS_B" out
  check plain --mode open
  check keyed --mode encrypted
  check counted -c skipped@reverse=5
  check lenient --partial-state ok
  ends plain 3 'UNKNOWN - reverse none of 20 packets was sent, forward [0-9.]+ [a-z]+$'
  ends keyed 3 'UNKNOWN - reverse none of 20 packets was sent, forward [0-9.]+ [a-z]+$'
  ends counted 2 'CRITICAL - reverse skipped 20, limit 5,'
  ends lenient 0 'OK - .*reverse none of 20 packets was sent'
  allow_udp "$NS_B"
  wait_for_log responder 'client .*: 20 test packets could not be sent: Operation not permitted'
}

# Longer than the loss timeout, so that what was due meanwhile is never sent.
@test "a sender that stood still leaves a part" {
  lab_change clean
  export COUNT=300
  check plain --mode open
  check keyed --mode encrypted
  check counted -c skipped@reverse=10
  check lenient --partial-state ok
  check own --direction forward
  flows forward 5
  flows reverse 4
  kill -STOP "$(pid_of responder)" "$(pid_of own)"
  sleep 0.9
  kill -CONT "$(pid_of responder)" "$(pid_of own)"
  # The last packet that isn't too late to be sent may be so to arrive: then it is lost.
  ends plain 3 'UNKNOWN - reverse [0-9]+ of 300 packets were never sent, forward [0-9.]+ [a-z]+, reverse [0-9.]+ [a-z]+(, [0-9.]+ % lost \(1/[0-9]+\))?$'
  ends keyed 3 'UNKNOWN - .*reverse [0-9]+ of 300 packets were never sent'
  ends counted 2 'CRITICAL - reverse skipped [0-9]+, limit 10,'
  ends lenient 0 'OK - .*reverse [0-9]+ of 300 packets were never sent'
  # The server may have ended them first, by the schedule: what came late was due long ago.
  ends own 3 'UNKNOWN - .*forward [0-9]+ of 300 packets were never sent'
}
