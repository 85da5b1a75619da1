#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Addresses as people write them, and servers of which one address is dead.
load helper

# Link-local ones of both hosts, and global ones, which come before IPv4.
LOCAL_A=fe80::a LOCAL_B=fe80::b GLOBAL_A=2001:db8:1::1 GLOBAL_B=2001:db8:1::2
# Of a network that swallows everything.
DEAD4=192.0.2.1 DEAD6=2001:db8:dead::1

# add_pair NS NAME: an interface at whose other end nobody is.
add_pair() {
  ip -n "$1" link add "$2" type veth peer name "$2-end"
  ip -n "$1" link set "$2-end" up
  ip -n "$1" link set "$2" up
}

setup_file() {
  net_up
  [[ -z ${NET_REASON:-} ]] || return 0
  ip -n "$NS_A" address add "$LOCAL_A/64" dev veth0 nodad
  ip -n "$NS_B" address add "$LOCAL_B/64" dev veth0 nodad
  ip -n "$NS_A" address add "$GLOBAL_A/64" dev veth0 nodad
  ip -n "$NS_B" address add "$GLOBAL_B/64" dev veth0 nodad
  add_pair "$NS_A" dead
  for address in "$DEAD4" "$DEAD6"; do
    ip -n "$NS_A" route add "$address" dev dead
    ip -n "$NS_A" neighbour add "$address" lladdr 02:00:00:00:00:01 dev dead nud permanent
  done
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

# check ARGUMENT...: a short measurement from A.
check() { run in_a "$CHECK_OWAMP" -p "$RESPONDER_PORT" --count 10 --interval 10ms --loss-timeout 1s -t 20s "$@"; }

# check_name ADDRESSES ARGUMENT...: the same of the name peer.example, which has these addresses; the first one's family comes first.
check_name() {
  local address etc=$BATS_TEST_TMPDIR
  : >"$etc/hosts"
  for address in $1; do echo "$address peer.example" >>"$etc/hosts"; done
  echo "precedence ::ffff:0:0/96 $([[ ${1%% *} == *:* ]] && echo 10 || echo 100)" >"$etc/gai.conf"
  shift
  # shellcheck disable=SC2016 # the inner shell expands it
  run in_a bash -c 'mount --bind "$0/hosts" /etc/hosts && mount --bind "$0/gai.conf" /etc/gai.conf && exec "$@"' \
    "$etc" "$CHECK_OWAMP" -H peer.example -p "$RESPONDER_PORT" --count 10 --interval 10ms --loss-timeout 1s \
    -t 20s "$@"
}

# split SERVER TESTADDR LOCAL: measure from A by another address than the one that is connected to.
split() { run in_a "$OWAMP_BUILD/tests/split_client" "$1" "$RESPONDER_PORT" "$2" "$3" open; }

# measured SERVER: the last check was well, and did not wait for the dead address: that had half of the time once.
measured() {
  echo "$output" "after $((SECONDS - began)) s"
  [[ $status -eq 0 && $output == *"$1 port $RESPONDER_PORT"* ]] && ((SECONDS - began < 9))
}

@test "IPv4 in IPv6's clothes is measured as IPv4, whoever wears them" {
  start_responder "$NS_B" -S "[::ffff:$B4]:0"
  check -H "::ffff:$B4" --source "::ffff:$A4" --json
  echo "$output"
  [[ $status -eq 0 && $output == *"\"$B4"* ]]
  check -4 -H "::ffff:$B4"
  [[ $status -eq 0 ]]
}

@test "a link-local address is measured with its zone, and without one told what it lacks" {
  start_responder "$NS_B" -S "[$LOCAL_B%veth0]:0"
  check -H "$LOCAL_B%veth0" --source "$LOCAL_A" -vv
  echo "$output"
  [[ $status -eq 0 && $output == *"$LOCAL_B%veth0 port "* ]]
  check -H "$LOCAL_B" --interface veth0
  [[ $status -eq 0 ]]
  check -H "$LOCAL_B" --source "$LOCAL_A%veth0"
  [[ $status -eq 0 ]]
  check -H "$LOCAL_B"
  echo "$output"
  [[ $status -eq 3 && $output == *"the address $LOCAL_B is link-local and needs a zone"*"$LOCAL_B%eth0"* ]]
  check_name "$LOCAL_B"
  echo "$output"
  [[ $status -eq 3 && $output == *"the address $LOCAL_B is link-local and needs a zone"* ]]
  check -H "$LOCAL_B%veth7"
  echo "$output"
  [[ $output == *"cannot resolve $LOCAL_B%veth7: this host has no interface veth7"* ]]
  run "$RESPONDER" --check -S "[$LOCAL_B]:0"
  echo "$output"
  [[ $status -ne 0 && $output == *"a link-local address needs a zone"* ]]
}

@test "a link-local test address is found beside a global control connection, and the reverse; two are refused" {
  start_responder "$NS_B" -v -c "$CONF" -S :0
  split "$B6" "$LOCAL_B%veth0" "$A6"
  echo "$output"
  [[ $output == 'forward 20/20 reverse 20/20 '* ]]
  wait_for_log responder "asked for test address $LOCAL_B, which is ours"
  split "$LOCAL_B%veth0" "$B6" "$LOCAL_A%veth0"
  echo "$output"
  [[ $output == 'forward 20/20 reverse 20/20 '* ]]
  # Another of B's interfaces has the same one.
  add_pair "$NS_B" twin
  ip -n "$NS_B" address add "$LOCAL_B/64" dev twin nodad
  split "$B6" "$LOCAL_B%veth0" "$A6"
  split "$LOCAL_B%veth0" "$LOCAL_B%veth0" "$LOCAL_A%veth0"
  local which=$output
  split "$B6" "$LOCAL_B%veth0" "$A6"
  ip -n "$NS_B" link delete twin
  echo "$output"
  [[ $output == 'forward 0/0 reverse 0/0 accept 3 3'* ]]
  wait_for_log responder "test address $LOCAL_B is link-local, 2 interfaces of this host have it"
  # The control connection's own interface tells.
  [[ $which == 'forward 20/20 reverse 20/20 '* ]]
}

@test "a dead address costs a moment, in either family, and --diagnose tells which it is" {
  local began=$SECONDS
  start_responder "$NS_B" -S :0
  check_name "$DEAD6 $B4" -vv
  measured "$B4"
  began=$SECONDS
  check_name "$DEAD4 $B6" -vv
  measured "$B6"
  check_name "$DEAD6 $B4" --diagnose
  echo "$output"
  [[ $status -eq 0 ]]
  grep -q "connect.*TCP connection to $B4 port.*but server $DEAD6 port.*no answer to our TCP connection" <<<"$output"
  check_name "$DEAD4 $B6" --diagnose
  grep -q "connect.*TCP connection to $B6 port.*but server $DEAD4 port.*no answer to our TCP connection" <<<"$output"
  # What accepts connections and says nothing is dead as well.
  stop_responder
  start_responder "$NS_B" -S "$B4:0"
  start mute "$NS_B" python3 -c "
import socket, time
s = socket.create_server(('$GLOBAL_B', $RESPONDER_PORT), family=socket.AF_INET6)
print('ready', flush=True)
time.sleep(60)"
  wait_for_log mute ready
  began=$SECONDS
  check_name "$GLOBAL_B $B4" --diagnose
  stop mute
  measured "$B4"
  [[ $output == *"server $GLOBAL_B port $RESPONDER_PORT: takes the connection, but no greeting came"* ]]
}

@test "who leaves at the greeting is no notice in the responder's log" {
  start_responder "$NS_B" -S :0
  # As a client does whose other connection was greeted first: closed with the greeting unread, it is a reset.
  in_a python3 -c "
import socket, struct
for linger in (0, 1):
    s = socket.create_connection(('$B4', $RESPONDER_PORT))
    s.recv(1)
    if linger: s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    s.close()"
  check -H "$B4"
  [[ $status -eq 0 ]]
  run grep -c "client $A4" "$(log_of responder)"
  [[ $output == 0 ]]
}
