# SPDX-License-Identifier: MIT
# The whole of OWAMP-MIB at the real snmpd: walks, a table of expected values, and the same numbers from both sources.
# shellcheck shell=bash
load helper

setup_file() {
  net_up
  # No MIB files: Debian has none of the IETF's, and numbers do.
  export MIBS='' AGENTX=$OWAMP_BUILD/plugins/snmp/owamp-agentx WALK=$BATS_TEST_DIRNAME/snmp_walk.py
  export ROOT=.1.3.6.1.4.1.8072.9999.9999.861 AGENT=127.0.0.1:1161 F=$BATS_FILE_TMPDIR
  [[ -z ${NET_REASON:-} && -x $AGENTX ]] || return 0
  start_responder "$NS_B"
  export PEER_PORT=$RESPONDER_PORT
  cat >"$F/snmpd.conf" <<CONF
master agentx
agentXSocket unix:$F/agentx.sock
rocommunity public
rwcommunity private
CONF
  mkdir "$F/conf" "$F/reader"
  # Names of different lengths, and one that is the beginning of another.
  KEY=73656372657421
  start_reflector counts tlvs lose=7/0 key=$KEY
  start_reflector copies stateless bare lose=7/0
  echo "router $KEY" >"$F/router.pfs"
  chmod 600 "$F/router.pfs"
  for name in b aa a far ab; do
    echo "owampPeer $name host $B4 port $PEER_PORT interval 4s loss-timeout 500ms schedule fixed:40ms"
  done >"$F/conf/owamp-agentx.conf"
  cat >>"$F/conf/owamp-agentx.conf" <<CONF
owampPeer refused host $B4 port 1 interval 4s loss-timeout 500ms direction forward
owampPeer strict host $B4 port $PEER_PORT interval 4s loss-timeout 500ms schedule fixed:40ms critical loss@forward=0
owampPeer router host $B4 port $COUNTS protocol stamp interval 4s loss-timeout 500ms schedule fixed:40ms ssid 9 key-id router key-file $F/router.pfs tlvs counters,follow-up
owampPeer stateless host $B4 port $COPIES protocol stamp interval 4s loss-timeout 500ms schedule fixed:40ms
owampPublish $F/owamp.sock
owampHistory 3
CONF
  start_snmpd
  start_agentx agentx "$NS_A" "$F/conf"
  # Until every stream that can has its second interval.
  await 25 newest far 2
  await 10 newest strict 1
  await 10 newest router 1
  await 10 newest stateless 1
}

teardown_file() { net_down; }

setup() {
  need_net
  [[ -x $AGENTX ]] || skip "owamp-agentx is not built: libsnmp-dev is missing"
}

# start_reflector NAME HABIT...: a STAMP reflector; its port in NAME in capitals.
start_reflector() {
  local port
  start "$1" "$NS_B" python3 "$BATS_TEST_DIRNAME/stamp_reflector.py" "$B4" "${@:2}"
  port=$(wait_for_log "$1" '^listening')
  export "${1^^}=${port#listening }"
}

start_snmpd() {
  start snmpd "$NS_A" env SNMP_PERSISTENT_DIR="$F/snmpd.state" /usr/sbin/snmpd -f -Lo -C -c "$F/snmpd.conf" "udp:$AGENT"
  wait_for_log snmpd 'NET-SNMP version' >/dev/null
}

# start_agentx NAME NS FOLDER [SOCKET]: a subagent with the FOLDER's owamp-agentx.conf, once it is connected. (With -C the
# rows that were kept aren't read either.)
start_agentx() {
  start "$1" "$2" env SNMP_PERSISTENT_DIR="$F/$1.state" SNMPCONFPATH="$3:$F/$1.state" \
    "$AGENTX" -f -x "unix:${4:-$F/agentx.sock}" -Lo
  wait_for_log "$1" 'is ready' >/dev/null
}

# await SECONDS COMMAND...: until it succeeds.
await() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < deadline)) || { echo "in vain: $*" && return 1; }
    sleep 0.1
  done
}

# index OWNER NAME [DIRECTION]
index() { "$WALK" index "$@"; }

# get OID-BELOW-OWAMP-OBJECTS...: each value, without its type, or the exception; by one request, so that no interval ends between them.
get() { in_a snmpget -v2c -c public -OnQv -Oa "$AGENT" "${@/#/$ROOT.1.}" 2>&1 | tr -d '"'; }

# newest NAME NUMBER: the result row has that interval, or a later one.
newest() {
  local number
  number=$(get "3.1.2.$(index '' "$1" 1)")
  [[ $number =~ ^[0-9]+$ ]] && ((number >= $2))
}

# set_row OWNER NAME COLUMN TYPE VALUE [COLUMN TYPE VALUE]...
set_row() {
  local at words=()
  at=$(index "$1" "$2")
  shift 2
  while (($#)); do
    words+=("$ROOT.1.2.1.$1.$at" "$2" "$3")
    shift 3
  done
  run in_a snmpset -v2c -c private -On "$AGENT" "${words[@]}"
}

walk() { in_a snmpbulkwalk -v2c -c public -On "$AGENT" "$ROOT"; }

@test "a walk by GETBULK, one by GETNEXT, and GET of each instance tell the same, in order" {
  walk >"$F/bulk"
  in_a snmpwalk -v2c -c public -On "$AGENT" "$ROOT" >"$F/next"
  "$WALK" order <"$F/bulk"
  "$WALK" order <"$F/next"
  # Numbers move on meanwhile; which peers there are doesn't.
  diff <(sed -E 's/ = .*//' "$F/bulk" | grep -E '861\.1\.2\.') <(sed -E 's/ = .*//' "$F/next" | grep -E '861\.1\.2\.')
  # GET of every configured value, ten at a time.
  grep -E '861\.1\.2\.1\.([3-9]|1[0-9]|2[0-4]|3[2-9]|4[01])\.' "$F/bulk" | sed 's/ = .*//' | xargs -n 10 \
    ip netns exec "$NS_A" snmpget -v2c -c public -On "$AGENT" >"$F/got"
  diff <(grep -E '861\.1\.2\.1\.([3-9]|1[0-9]|2[0-4]|3[2-9]|4[01])\.' "$F/bulk") "$F/got"
}

@test "rows stand in the order of SNMP: shorter names first" {
  walk >"$F/bulk"
  local expected='' name
  for name in a b aa ab far router strict refused stateless; do expected+="$ROOT.1.2.1.5.$(index '' $name)"$'\n'; done
  [ "$(grep -F "$ROOT.1.2.1.5." "$F/bulk" | sed 's/ = .*//')" = "${expected%$'\n'}" ]
  # GETNEXT from between, before and behind the rows.
  run in_a snmpgetnext -v2c -c public -On "$AGENT" "$ROOT.1.2.1.5.0.1.97.0"
  [[ $output == "$ROOT.1.2.1.5.$(index '' b) = "* ]]
  run in_a snmpgetnext -v2c -c public -On "$AGENT" "$ROOT.1.2.1.5.0.2"
  [[ $output == "$ROOT.1.2.1.5.$(index '' aa) = "* ]]
  run in_a snmpgetnext -v2c -c public -On "$AGENT" "$ROOT.1.2.1.5.9"
  [[ $output == "$ROOT.1.2.1.6.$(index '' a) = "* ]]
}

@test "a table of expected values" {
  local far refused router stateless
  far=$(index '' far) refused=$(index '' refused) router=$(index '' router) stateless=$(index '' stateless)
  while read -r oid expected; do
    told=$(get "$oid")
    [[ $told == "$expected" ]] || { echo "$oid: $told, not $expected" && return 1; }
  done <<TABLE
1.1.0 $("$AGENTX" -V 2>&1 | cut -d" " -f2)
1.5.0 3
2.1.3.$far 1
2.1.5.$far $PEER_PORT
2.1.10.$far 4
2.1.11.$far fixed:40ms
2.1.14.$far 500
2.1.23.$far 3
2.1.26.$far
2.1.28.$far $B4 port $PEER_PORT
2.1.33.$far 1
2.1.34.$far 2
2.1.35.$far 2
2.1.36.$far 0
2.1.37.$far 3
2.1.38.$far 4
2.1.23.$refused 4
2.1.26.$refused server $B4 port 1: Connection refused
3.1.8.$far.1 3
3.1.9.$far.1 100
3.1.10.$far.2 100
3.1.27.$far.1 0
3.1.8.$refused.1 1
3.1.9.$refused.1 No Such Instance currently exists at this OID
3.1.21.$refused.1 No Such Instance currently exists at this OID
3.1.8.$refused.2 No Such Instance currently exists at this OID
3.1.8.$far.3 No Such Instance currently exists at this OID
2.1.39.$far 1
2.1.40.$far 0
2.1.41.$far .
2.1.5.$router $COUNTS
2.1.23.$router 3
2.1.27.$router 3
2.1.28.$router $B4 port $COUNTS
2.1.39.$router 2
2.1.40.$router 9
2.1.41.$router 0
3.1.8.$router.3 3
3.1.9.$router.1 100
3.1.9.$router.3 100
3.1.27.$router.1 0
3.1.27.$router.3 No Such Instance currently exists at this OID
3.1.31.$router.3 No Such Instance currently exists at this OID
3.1.37.$router.1 No Such Instance currently exists at this OID
5.1.9.$router.1 0
3.1.9.$stateless.1 No Such Instance currently exists at this OID
3.1.10.$stateless.2 No Such Instance currently exists at this OID
3.1.12.$stateless.1 No Such Instance currently exists at this OID
3.1.9.$stateless.3 100
5.1.4.$stateless.1 No Such Instance currently exists at this OID
2.1.99.$far No Such Object available on this agent at this OID
TABLE
}

@test "the numbers are those of the query socket, and of check_owamp --query" {
  local name
  walk >"$F/bulk"
  for name in far router stateless; do
    run "$WALK" results "$F/owamp.sock" $name <"$F/bulk"
    echo "$output"
    [ "$status" -eq 0 ]
  done
  # Which way: the reflector that counts says so, of the other only the round trip is known.
  [ "$(get "3.1.11.$(index '' router 1)" "3.1.11.$(index '' router 3)" | uniq | wc -l)" = 1 ]
  [ "$(get "3.1.11.$(index '' router 2)")" = 0 ]
  (($(get "3.1.11.$(index '' router 3)") > 0 && $(get "3.1.11.$(index '' stateless 3)") > 0))
  (($(get "3.1.37.$(index '' router 3)") > 0 && $(get "5.1.9.$(index '' stateless 1)") > 0))
  run "$CHECK_OWAMP" --query "$F/owamp.sock" --name far --json
  [ "$status" -eq 0 ]
  [ "$(jq -r '.results[0].sent' <<<"$output")" = "$(get "3.1.9.$(index '' far 1)")" ]
}

@test "a second subagent tells what it reads at the query socket" {
  sed "s|$F/agentx.sock|$F/second.sock|" "$F/snmpd.conf" >"$F/second.conf"
  start snmpd2 "$NS_B" env SNMP_PERSISTENT_DIR="$F/second.state" /usr/sbin/snmpd -f -Lo -C -c "$F/second.conf" "udp:$AGENT"
  wait_for_log snmpd2 'NET-SNMP version' >/dev/null
  echo "owampQuerySocket $F/owamp.sock" >"$F/reader/owamp-agentx.conf"
  start_agentx reader "$NS_B" "$F/reader" "$F/second.sock"
  mirrored() { in_b snmpget -v2c -c public -OnQv "$AGENT" "$ROOT.1.3.1.9.$(index '' "$@")" 2>&1 | grep -qx 100; }
  await 15 mirrored far 1
  await 15 mirrored router 3
  in_b snmpbulkwalk -v2c -c public -On "$AGENT" "$ROOT" >"$F/mirror"
  "$WALK" order <"$F/mirror"
  local name
  for name in far router stateless; do
    run "$WALK" results "$F/owamp.sock" $name <"$F/mirror"
    echo "$output"
    [ "$status" -eq 0 ]
  done
  [ "$("$WALK" value "2.1.39.$(index '' router)" <"$F/mirror")" = 2 ]
  stop reader
  stop snmpd2
}

@test "SIGHUP reads the file again" {
  sed -i '/^owampPeer ab /d' "$F/conf/owamp-agentx.conf"
  echo "owampPeer zz host $B4 port $PEER_PORT interval 4s loss-timeout 500ms" >>"$F/conf/owamp-agentx.conf"
  echo "owampPeer zk host $B4 port $PEER_PORT key-id monitor key-file $F/no-keys" >>"$F/conf/owamp-agentx.conf"
  kill -HUP "$(pid_of agentx)"
  there() { [[ $(get "2.1.33.$(index '' zz)") == 1 ]]; }
  await 10 there
  [[ $(get "2.1.33.$(index '' ab)") == "No Such Instance"* ]]
  [ "$(get "2.1.33.$(index '' far)")" = 1 ]
  # A key file is read by another thread, and what it lacks stands in the row then.
  refused() { [[ $(get "2.1.26.$(index '' zk)") == *"$F/no-keys: there is no such file"* ]]; }
  await 10 refused
  (umask 077 && echo "monitor 636f72" >"$F/no-keys")
  kill -HUP "$(pid_of agentx)"
  goes_on() { [[ $(get "2.1.26.$(index '' zk)") != *"$F/no-keys"* ]]; }
  await 10 goes_on
}

@test "nothing is wrong with memory, under the address sanitizer" {
  local program=${OWAMP_BUILD%/*}/asan/plugins/snmp/owamp-agentx
  [[ -x $program ]] || skip "there is no build with the address sanitizer (./dev build asan)"
  stop agentx
  AGENTX=$program start_agentx sanitized "$NS_A" "$F/conf"
  await 30 newest far 1
  walk >"$F/bulk"
  "$WALK" order <"$F/bulk"
  set_row x y 33 i 5
  [ "$status" -eq 0 ]
  set_row x y 33 i 6
  [ "$status" -eq 0 ]
  stop sanitized
  run ! grep -E 'AddressSanitizer|runtime error|owamp.*LeakSanitizer' "$(log_of sanitized)"
}
