# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Harness of the system tests: two network namespaces, A and B, joined by a veth pair.
# A .bats file says `load helper`, then net_up in setup_file and net_down in teardown_file. Programs may be
# started in setup_file or in a test; all variables that tests read are exported.

bats_require_minimum_version 1.5.0

# The programs under test; OWAMP_BUILD chooses another build.
OWAMP_BUILD=${OWAMP_BUILD:-$BATS_TEST_DIRNAME/../../build/release}
RESPONDER=$OWAMP_BUILD/core/owamp-responder
CHECK_OWAMP=$OWAMP_BUILD/plugins/nagios/check_owamp
# The addresses of A and B.
A4=10.86.1.1 B4=10.86.1.2 A6=fd00:86::1 B6=fd00:86::2
export OWAMP_BUILD RESPONDER CHECK_OWAMP A4 B4 A6 B6

# setup: skip each test where namespaces can't be made; a file with its own setup calls need_net there.
setup() { need_net; }

# need_net: skip the test, with the reason, if net_up couldn't make the namespaces.
need_net() { [[ -z ${NET_REASON:-} ]] || skip "no network namespaces: $NET_REASON"; }

# net_hosts: make both namespaces. Fails, with the reason in NET_REASON, where they can't be made.
net_hosts() {
  export NS_A="owamp-a-$BASHPID" NS_B="owamp-b-$BASHPID" NET_REASON=
  NET_REASON=$(ip netns add "$NS_A" 2>&1) && NET_REASON= || return 1
  ip netns add "$NS_B"
}

# net_up: make both namespaces and their link.
net_up() {
  net_hosts || return 0
  ip -n "$NS_A" link add name veth0 type veth peer name veth0 netns "$NS_B"
  net_address "$NS_A" "$A4" "$A6"
  net_address "$NS_B" "$B4" "$B6"
}

# net_address NS IPV4 IPV6: give the namespace its addresses, usable at once.
net_address() {
  ip -n "$1" link set lo up
  ip -n "$1" address add "$2/24" dev veth0
  ip -n "$1" address add "$3/64" dev veth0 nodad
  ip -n "$1" link set veth0 up
}

# net_down: kill every process in the namespaces and remove them; NS_LAB is the lab's, between both.
net_down() {
  local ns pids
  for ns in "${NS_A:-}" "${NS_B:-}" "${NS_LAB:-}"; do
    [[ -n $ns && -e /run/netns/$ns ]] || continue
    while mapfile -t pids < <(ip netns pids "$ns") && ((${#pids[@]})); do
      kill -KILL "${pids[@]}" 2>/dev/null || true
      sleep 0.01
    done
    ip netns delete "$ns"
  done
}

# in_a COMMAND...: run it in namespace A.
in_a() { ip netns exec "$NS_A" "$@"; }

# in_b COMMAND...: run it in namespace B.
in_b() { ip netns exec "$NS_B" "$@"; }

# documented WHAT: the JSON on standard input, a check, stream, list or error, has no member that owamp-json(5) doesn't
# describe, and no null.
documented() {
  local items=$BATS_TEST_TMPDIR/documented members=$BATS_TEST_TMPDIR/members
  # items_of SECTION PREFIX
  items_of() {
    sed -n "/^\\.Ss $1\$/,/^\\.S[sh] /s/^\\.It Cm \([a-z_0-9.]*\)\$/$2\1/p" "$BATS_TEST_DIRNAME/../../docs/man/owamp-json.5"
  }
  case $1 in
    check) items_of 'The check' '' && items_of "A direction's result" 'results.' ;;
    stream) items_of 'A stream and its intervals' '' && items_of "A direction's result" 'intervals.results.' ;;
    list) items_of 'The list of streams' '' ;;
    error) items_of 'An error' '' ;;
  esac | sort >"$items"
  # The nanoseconds of a long time stand beside it.
  jq -r 'if [.. | select(. == null)] == [] then paths(type != "object" and type != "array") else ["a null"] end |
    map(select(type == "string")) | join(".") | sub("_ns$"; "")' | sort -u >"$members"
  [[ -s $items && -s $members && -z $(comm -13 "$items" "$members") ]] && return
  echo "in $1, but not in owamp-json(5):"
  comm -13 "$items" "$members"
  return 1
}

# log_of NAME: print the path of a background program's log (stdout and stderr).
log_of() { echo "$BATS_FILE_TMPDIR/$1.log"; }

# pid_of NAME: print a background program's process id.
pid_of() { cat "$BATS_FILE_TMPDIR/$1.pid"; }

# start NAME NS COMMAND...: run the command in the namespace's background, with a fresh log.
start() {
  local name=$1 ns=$2
  shift 2
  ip netns exec "$ns" "$@" >"$(log_of "$name")" 2>&1 </dev/null 3>&- &
  echo $! >"$BATS_FILE_TMPDIR/$name.pid"
  # Until it is inside, net_down wouldn't find it.
  until [[ /proc/$!/ns/net -ef /run/netns/$ns || ! -e /proc/$! ]]; do sleep 0.01; done
}

# stop NAME [SIGNAL]: end it (TERM); fails, and kills it, if it isn't gone after 5 s.
stop() {
  local pid
  pid=$(pid_of "$1")
  kill -s "${2:-TERM}" "$pid" 2>/dev/null || return 0
  if ! timeout 5 tail -s 0.02 --pid="$pid" -f /dev/null; then
    kill -KILL "$pid"
    echo "$1 ignored ${2:-TERM}; its log:" && cat "$(log_of "$1")"
    return 1
  fi
}

# wait_for_log NAME REGEX [SECONDS]: print the log's first line that matches; fails with the log at the deadline (10 s) or when the program ends.
wait_for_log() {
  timeout "${3:-10}" tail -s 0.05 -n +1 --pid="$(pid_of "$1")" -F "$(log_of "$1")" 2>/dev/null |
    grep -m 1 -E -e "$2" && return
  echo "no line like '$2' in the log of $1:" && cat "$(log_of "$1")"
  return 1
}

# start_responder NS [ARGUMENT...]: start owamp-responder -f, by default on the namespace's IPv4 address; sets RESPONDER_PORT.
start_responder() {
  local ns=$1 line address=$A4
  shift
  [[ $ns == "$NS_B" ]] && address=$B4
  (($#)) || set -- -S "$address:0"
  start responder "$ns" "$RESPONDER" -f "$@"
  line=$(wait_for_log responder 'listening on .* port [0-9]+') || { echo "$line" && return 1; }
  [[ $line =~ listening\ on\ .*\ port\ ([0-9]+) ]]
  export RESPONDER_PORT=${BASH_REMATCH[1]}
}

# stop_responder: end it.
stop_responder() { stop responder; }

# drop_udp NS in|out [NFT-MATCH...]: drop UDP that enters or leaves the namespace, e.g. `drop_udp "$NS_B" in numgen inc mod 10 0`.
drop_udp() {
  local ns=$1 way=$2
  shift 2
  ip netns exec "$ns" nft -f - <<NFT
table inet owamp_test {
  chain in { type filter hook input priority 0; }
  chain out { type filter hook output priority 0; }
}
add rule inet owamp_test $way meta l4proto udp $* drop
NFT
}

# allow_udp NS: take back all that drop_udp did.
allow_udp() { ip netns exec "$1" nft delete table inet owamp_test; }
