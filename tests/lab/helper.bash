# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Harness of the lab: host A - impair - host B, each in a namespace of its own. A .bats file says `load helper` (in
# tests/lab) or `load ../lab/helper`, then lab_up in setup_file and lab_down in teardown_file. All of the system tests'
# helper works too: in_a, in_b, start, stop, start_responder, log_of, ...

# shellcheck source=../system/helper.bash
source "${BASH_SOURCE[0]%/*}/../system/helper.bash"

LAB=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
IMPAIR=$OWAMP_BUILD/tests/lab/impair
# For LD_PRELOAD: all hosts of the lab have one clock, so it has no error between them.
ONE_CLOCK=$OWAMP_BUILD/tests/lab/libone_clock.so
export LAB IMPAIR ONE_CLOCK

# lab_up SCENARIO: make the hosts and start the forwarder. SCENARIO is a name in tests/lab/scenarios, a path, or - for
# standard input. Sets LAB_TRUTH, the truth log.
lab_up() {
  net_hosts || return 0
  export NS_LAB="owamp-i-${NS_A##*-}" LAB_TRUTH=$BATS_FILE_TMPDIR/truth.log
  ip netns add "$NS_LAB"
  ip netns exec "$NS_LAB" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
  ip -n "$NS_A" link add name veth0 type veth peer name side-a netns "$NS_LAB"
  ip -n "$NS_B" link add name veth0 type veth peer name side-b netns "$NS_LAB"
  net_address "$NS_A" "$A4" "$A6"
  net_address "$NS_B" "$B4" "$B6"
  ip -n "$NS_LAB" link set side-a up
  ip -n "$NS_LAB" link set side-b up
  lab_scenario "$1"
  start impair "$NS_LAB" "$IMPAIR" side-a side-b "$BATS_FILE_TMPDIR/scenario" "$LAB_TRUTH"
  wait_for_log impair '^scenario loaded' >/dev/null
}

# lab_scenario SCENARIO: make it the one that the forwarder reads.
lab_scenario() {
  local file=$1
  if [[ $1 == - ]]; then
    file=$(mktemp "$BATS_FILE_TMPDIR/scenario.XXXXXX")
    cat >"$file"
  elif [[ $1 != */* ]]; then
    file=$LAB/scenarios/$1.scenario
  fi
  ln -sfn "$(realpath "$file")" "$BATS_FILE_TMPDIR/scenario"
}

# lab_change SCENARIO: from now on this happens to packets; flows are numbered afresh. Fails if it can't be read.
lab_change() {
  local answers
  lab_scenario "$1"
  answers=$(grep -c '^scenario ' "$(log_of impair)")
  kill -HUP "$(pid_of impair)"
  timeout 10 tail -s 0.02 -n +1 --pid="$(pid_of impair)" -F "$(log_of impair)" 2>/dev/null |
    grep -m "$((answers + 1))" '^scenario ' | tail -n 1 | grep -q loaded && return
  echo "the scenario $1 was not loaded:" && cat "$(log_of impair)"
  return 1
}

# again COMMAND...: run it, at most five times while it ends with 2, which is truth.py's word for delays that noise makes, too.
again() {
  local tries status
  for tries in {1..5}; do
    status=0
    "$@" || status=$?
    ((status == 2)) || return "$status"
    echo "^ try $tries: $*"
  done
  return 1
}

# lab_down: end the forwarder and remove the hosts.
lab_down() {
  net_down
}
