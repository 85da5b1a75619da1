#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The installed units, started by a systemd that is process 1 of a clean root.
# shellcheck disable=SC2016 # what is in single quotes is for the root's shell
load helper

setup_file() { packages_up; }

teardown() {
  if [[ -n ${BOOTED:-} ]]; then
    kill -KILL "$BOOTED" # unshare(1) lets no other signal through
    tail -s 0.05 --pid="$BOOTED" -f /dev/null
  fi
  rm -rf "${BATS_TEST_TMPDIR:?}/root"
}

# boot: start systemd in the root and wait until it is up.
boot() {
  "$ROOT_TOOL" boot "$ROOT" >"$BATS_TEST_TMPDIR/boot.log" 2>&1 3>&- &
  BOOTED=$!
  eventually 60 up || { cat "$BATS_TEST_TMPDIR/boot.log" && return 1; }
}

# It answers as soon as it is there, and "running" or "degraded" when it is done.
up() { [[ $(inside systemctl is-system-running 2>/dev/null) =~ ^(running|degraded)$ ]]; }

inside() { "$ROOT_TOOL" in "$BOOTED" "$@"; }

# eventually SECONDS COMMAND...: try it until it succeeds.
eventually() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || { echo "never true: $*" && return 1; }
    sleep 0.2
  done
}

# shown UNIT PROPERTY
shown() { inside systemctl show --value -p "$2" "$1"; }

# journal_has UNIT TEXT
journal_has() { inside journalctl --quiet --unit "$1" --output cat | grep -qF -- "$2"; }

measure() { inside /usr/lib/nagios/plugins/check_owamp -H "$1" --count 10 --interval 10ms -w 1s,0% "${@:2}"; }

# drop_in UNIT LINE...: before the start.
drop_in() {
  mkdir -p "$ROOT/etc/systemd/system/$1.d"
  printf '%s\n' '[Service]' "${@:2}" >"$ROOT/etc/systemd/system/$1.d/test.conf"
}

@test "the responder: off until it is enabled, ready when it listens, reloads, is nobody's but its own user" {
  local pid
  new_root
  install "${ALL[@]}"
  in_root systemctl enable owamp-responder.service
  boot
  # It was enabled, and the subagent was not.
  eventually 20 inside systemctl is-active owamp-responder
  [[ $(inside systemctl is-active owamp-agentx) == inactive ]]
  [[ $(shown owamp-responder Type) == notify && $(shown owamp-responder StatusText) == 'Listening on * port 861' ]]
  [[ $(shown owamp-responder WatchdogUSec) == 30s ]]
  pid=$(shown owamp-responder MainPID)
  [[ $(inside stat -c '%U %G' "/proc/$pid") == 'owamp owamp' ]]
  # It has no capability and no users but its own and root; the ports that were kept for it are its own alone.
  [[ $(inside sed -n 's/^Cap\(Eff\|Prm\|Amb\|Bnd\):\t//p' "/proc/$pid/status" | sort -u) == 0000000000000000 ]]
  [[ $(inside cat "/proc/$pid/uid_map" | wc -l) == 2 ]]
  [[ $(inside ss -Hlntup 'sport = :861' | grep -c 'pid=') == 6 && $(inside ss -Hlntup 'sport = :861' | grep -c 'pid=1,') == 0 ]]
  [[ $(measure 127.0.0.1) == 'OWAMP OK'* && $(measure ::1) == 'OWAMP OK'* ]]
  # The unit lets it into its own sandbox.
  run journal_has owamp-responder 'no sandbox of'
  [[ $status != 0 ]]
  # A key that only its group can read, which is read by a reload.
  echo 'monitor 636f7272656374' >"$ROOT/etc/owamp-responder/owamp-server.pfs"
  inside sh -c 'chgrp owamp /etc/owamp-responder/owamp-server.pfs && chmod 640 /etc/owamp-responder/owamp-server.pfs'
  sed -i 's/^authmode .*/authmode E/' "$ROOT/etc/owamp-responder/owamp-server.conf"
  inside systemctl reload owamp-responder
  eventually 10 journal_has owamp-responder 'configuration read again'
  [[ $(shown owamp-responder MainPID) == "$pid" && $(shown owamp-responder ActiveState) == active ]]
  run inside /usr/lib/nagios/plugins/check_owamp -H 127.0.0.1 --count 5 --interval 10ms
  [[ $status != 0 ]]
  run inside /usr/lib/nagios/plugins/check_owamp -H 127.0.0.1 --count 5 --interval 10ms --mode encrypted --key-id monitor \
    --key-file /etc/owamp-responder/owamp-server.pfs
  [[ $status == 0 ]]
  # What is wrong is told, and what was stays.
  echo 'authmode X' >>"$ROOT/etc/owamp-responder/owamp-server.conf"
  inside systemctl reload owamp-responder
  eventually 10 journal_has owamp-responder 'the former configuration stays in force'
  [[ $(shown owamp-responder ActiveState) == active ]]
  # What runs is started anew by an upgrade, and stopped by a removal.
  sed -i '$d' "$ROOT/etc/owamp-responder/owamp-server.conf"
  inside sh -c 'dpkg --install --force-confold /packages/owamp-responder_*.deb'
  eventually 10 inside systemctl is-active owamp-responder
  [[ $(shown owamp-responder MainPID) != "$pid" ]]
  inside dpkg --remove owamp-responder
  [[ $(inside ps -C owamp-responder -o pid=) == '' ]]
}

@test "each port that the configuration names is opened for the responder, again at each start; a range of low ones takes a drop-in" {
  local conf pid
  new_root
  install "${ALL[@]}"
  conf=$ROOT/etc/owamp-responder/owamp-server.conf
  printf 'srcnode 127.0.0.1:861\nreflectport 862\ntwampnode :862\n' >>"$conf"
  printf 'assign stamp 127.0.0.1 root\n' >>"$ROOT/etc/owamp-responder/owamp-server.limits"
  sed -n '/^limit/p' "$ROOT/etc/owamp-responder/owamp-server.limits"
  boot
  inside systemctl start owamp-responder
  [[ $(measure 127.0.0.1) == 'OWAMP OK'* && $(measure ::1) == 'OWAMP CRITICAL'*refused* ]]
  [[ $(measure 127.0.0.1 --protocol stamp) == 'STAMP OK'* && $(measure ::1 --protocol twamp) == 'TWAMP OK'* ]]
  pid=$(shown owamp-responder MainPID)
  inside kill -KILL "$pid"
  again() { [[ $(shown owamp-responder NRestarts) == 1 && $(shown owamp-responder ActiveState) == active ]]; }
  eventually 10 again
  [[ $(measure 127.0.0.1) == 'OWAMP OK'* ]]
  inside systemctl restart owamp-responder
  [[ $(measure 127.0.0.1) == 'OWAMP OK'* ]]
  inside systemctl stop owamp-responder
  [[ $(inside ss -Hlntu 'sport = :861 or sport = :862') == '' ]]
  sed -i 's/^testports .*/testports 900-950/' "$conf"
  run inside systemctl start owamp-responder
  [[ $status != 0 ]]
  eventually 10 journal_has owamp-responder 'AmbientCapabilities=CAP_NET_BIND_SERVICE'
  inside systemctl stop owamp-responder
  inside systemctl reset-failed
  drop_in owamp-responder.service PrivateUsers=no AmbientCapabilities=CAP_NET_BIND_SERVICE CapabilityBoundingSet=CAP_NET_BIND_SERVICE
  inside systemctl daemon-reload
  inside systemctl start owamp-responder
  [[ $(measure 127.0.0.1) == 'OWAMP OK'* ]]
}

@test "the watchdog hears from the loop, and starts a responder anew whose loop stands still" {
  local heard pid
  new_root
  install "${ALL[@]}"
  drop_in owamp-responder.service WatchdogSec=2 'WatchdogSignal=SIGKILL' RestartSec=100ms
  boot
  inside systemctl start owamp-responder
  heard=$(shown owamp-responder WatchdogTimestampMonotonic)
  heard_again() { (($(shown owamp-responder WatchdogTimestampMonotonic) > heard)); }
  eventually 20 heard_again
  pid=$(shown owamp-responder MainPID)
  inside kill -STOP "$pid"
  restarted() { [[ $(shown owamp-responder NRestarts) == 1 && $(shown owamp-responder ActiveState) == active ]]; }
  eventually 30 restarted
  eventually 10 journal_has owamp-responder 'Watchdog timeout'
  [[ $(shown owamp-responder MainPID) != "$pid" ]]
  measure 127.0.0.1
}

@test "by its socket the responder starts with the first client" {
  local pid
  new_root
  install "${ALL[@]}"
  sed -i 's/^testports .*/testports 8760-9960/' "$ROOT/etc/owamp-responder/owamp-server.conf"
  boot
  inside systemctl start owamp-responder.socket
  [[ $(inside systemctl is-active owamp-responder.service) == inactive ]]
  [[ $(measure 127.0.0.1) == 'OWAMP OK'* ]]
  pid=$(shown owamp-responder MainPID)
  [[ $(inside sed -n 's/^Cap\(Eff\|Prm\|Amb\|Bnd\):\t//p' "/proc/$pid/status" | sort -u) == 0000000000000000 ]]
  [[ $(measure ::1) == 'OWAMP OK'* ]]
  [[ $(shown owamp-responder MainPID) == "$pid" ]]
  inside systemctl stop owamp-responder.service
  # The socket stays, and starts it again.
  [[ $(measure 127.0.0.1) == 'OWAMP OK'* ]]
  # With the port of all sessions opened by systemd, too, the packaged testports do.
  inside systemctl stop owamp-responder.service
  sed -i 's/^testports .*/testports 861/' "$ROOT/etc/owamp-responder/owamp-server.conf"
  inside systemctl start owamp-responder-udp.socket
  [[ $(measure 127.0.0.1) == 'OWAMP OK'* && $(measure ::1) == 'OWAMP OK'* ]]
  pid=$(shown owamp-responder MainPID)
  [[ $(inside sed -n 's/^Cap\(Eff\|Prm\|Amb\|Bnd\):\t//p' "/proc/$pid/status" | sort -u) == 0000000000000000 ]]
  eventually 10 journal_has owamp-responder 'all test sessions share UDP port 861'
}

@test "snmpd, owamp-agentx, collectd and check_owamp by their units, over one query socket" {
  new_root
  install "${ALL[@]}"
  printf 'owampPublish /run/owamp/query.sock\nowampPeer loopback host 127.0.0.1 interval 4s schedule fixed:20ms loss-timeout 500ms\n' \
    >>"$ROOT/etc/snmp/owamp-agentx.conf"
  cat >"$ROOT/etc/collectd/collectd.conf" <<'CONF'
FQDNLookup false
LoadPlugin csv
<Plugin csv>
  DataDir "/var/lib/collectd/csv"
</Plugin>
LoadPlugin owamp
<Plugin owamp>
  <Query "/run/owamp/query.sock">
  </Query>
</Plugin>
CONF
  boot
  inside useradd --system nobodys
  inside useradd --system --groups owamp nagios
  inside systemctl start owamp-responder owamp-agentx collectd snmpd
  [[ $(shown owamp-agentx Type) == notify && $(shown owamp-agentx WatchdogUSec) == 30s ]]
  rows() { inside snmpbulkwalk -v2c -c public -On 127.0.0.1 .1.3.6.1.4.1.8072.9999.9999.861.1.3.1.20 | grep -E ' [0-9-]+$'; }
  eventually 40 rows
  values() { compgen -G "$ROOT/var/lib/collectd/csv/*/owamp-loopback/delay-forward-median-*"; }
  eventually 40 values
  judge() { inside setpriv --reuid "$1" --regid "$1" --init-groups /usr/lib/nagios/plugins/check_owamp --query /run/owamp/query.sock --name loopback -w 1s,0%; }
  [[ $(judge nagios) == 'OWAMP OK'* ]]
  run judge nobodys
  [[ $status == 3 && $output == *'Permission denied'* ]]
  # Its own group can be named; another one it doesn't have until the unit says so.
  of_group() { sed -i "s,^owampPublish .*,owampPublish /run/owamp/query.sock group $1," "$ROOT/etc/snmp/owamp-agentx.conf"; }
  of_group owamp
  inside systemctl restart owamp-agentx
  [[ $(inside stat -c %G /run/owamp/query.sock) == owamp ]]
  of_group nagios
  inside systemctl restart owamp-agentx
  eventually 10 journal_has owamp-agentx 'cannot give it to its group'
  journal_has owamp-agentx "let it be the unit's, Group="
  drop_in owamp-agentx.service Group=nagios
  inside systemctl daemon-reload
  inside systemctl restart owamp-agentx
  [[ $(inside stat -c %G /run/owamp/query.sock) == nagios ]]
  eventually 40 rows
  inside sh -c 'dpkg --install --force-confold /packages/owamp-agentx_*.deb'
  inside systemctl is-active owamp-agentx
  inside systemctl reload owamp-agentx
  eventually 10 inside systemctl is-active owamp-agentx
  inside systemctl stop owamp-agentx
  [[ $(shown owamp-agentx Result) == success ]]
}

# readme_block HEADING WORD: the first block of commands below that heading of README that has the word.
readme_block() {
  awk -v heading="## $1" -v word="$2" '
    /^## / { below = $0 == heading }
    below && /^```/ { if (open) { if (index(text, word)) { printf "%s", text; exit } } open = !open; text = ""; next }
    open { text = text $0 "\n" }' "$SOURCE/README.md"
}

@test "README: from a fresh Debian to the first graph, in less than five minutes" {
  local begin downloaded
  another_base fresh systemd iproute2
  new_root
  mkdir -p "$ROOT/root/build"
  ln -s /packages "$ROOT/root/build/packages"
  rm -f "$ROOT/etc/resolv.conf"
  cp /etc/resolv.conf "$ROOT/etc/resolv.conf"
  # As Debian's installer leaves it: collectd wants to find its host's name.
  echo fresh >"$ROOT/etc/hostname"
  printf '127.0.0.1 localhost\n::1 localhost\n127.0.1.1 fresh.example.net fresh\n' >"$ROOT/etc/hosts"
  echo 'APT::Get::Assume-Yes "true";' >"$ROOT/etc/apt/apt.conf.d/yes"
  readme_block Install collectd.conf.d >"$ROOT/root/block"
  grep -q graph.sh "$ROOT/root/block"
  begin=$SECONDS
  # What is booted has no network, so what the first command would download is here before.
  "$ROOT_TOOL" run --net "$ROOT" bash -ec 'apt-get -qq update
    cd /root && eval "$(sed -n "1,/[^\\\\]$/p" block) --download-only"'
  downloaded=$((SECONDS - begin))
  boot
  begin=$((SECONDS - downloaded))
  inside bash -ec 'cd /root && . ./block'
  echo "# from the first command to the graph: $((SECONDS - begin)) s, of which $downloaded to download" >&3
  [[ $(head -c 4 "$ROOT/root/first.png" | od -An -tx1) == ' 89 50 4e 47' ]]
  # A graph with values in it.
  inside bash -c 'rrdtool lastupdate /var/lib/collectd/rrd/*/owamp-myself/delay-forward-median.rrd' | grep -E '^[0-9]+: -?[0-9]'
  ((SECONDS - begin < 300))
}
