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
