#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# docs/snmp.md, on Debian's own snmpd.conf.
# shellcheck source=../scenario.bash
source "$PWD/tests/snippets/scenario.bash"
doc=docs/snmp.md
root=.1.3.6.1.4.1.8072.9999.9999.861

# sees COMMUNITY: it is shown the subagent's objects.
sees() { snmpwalk -v2c -c "$1" localhost $root.1.1 | grep -F 'Gauge32: 5'; }

# Debian's file alone shows nothing of the subagent. With the two lines the subagent, which isn't root any more, is back
# by itself after snmpd's restart, and seen; a community of its own sees it too.
echo 'owampHistory 5' >/etc/snmp/owamp-agentx.conf
systemctl start snmpd
owamp-agentx -u Debian-snmp -g Debian-snmp -p /run/agentx.pid
await snmpget -v2c -c public localhost .1.3.6.1.2.1.1.1.0
! sees public || fail "public sees OWAMP-MIB without the lines"
install -d -m 755 /var/agentx
text $doc 'agentXPerms' >/etc/snmp/snmpd.conf.d/lines.conf
text $doc 'rocommunity  owampreader' >>/etc/snmp/snmpd.conf.d/lines.conf
systemctl restart snmpd
await sees public
await sees owampreader
kill "$(cat /run/agentx.pid)"
rm /etc/snmp/snmpd.conf.d/lines.conf /etc/snmp/owamp-agentx.conf

# The page. Notifications are listened to first, so that none is missed.
cp "$(example snmp/snmptrapd.conf)" /etc/snmp/snmptrapd.conf
stays $doc '# snmptrapd -f -Lo' 'NET-SNMP version'
traps=$OUTPUT
shown=$(text $doc '# snmptrapd -f -Lo' | grep -E '^ +OWAMP-MIB|snmpTrapOID')
example snmp/snmpd.conf >/dev/null
example snmp/owamp-agentx.conf >/dev/null
paste $doc '# cp docs/examples/snmp/snmpd.conf'
paste $doc "\$ snmpwalk -v2c -c public localhost $root.1.1"
paste $doc '$ snmpwalk -m OWAMP-MIB -v2c -c public localhost owampSystem'
[[ $(snmpwalk -m OWAMP-MIB -v2c -c public localhost owampSystem 2>&1 >/dev/null | wc -l) == 0 ]] || fail "errors of a module"
paste $doc '$ snmptranslate'
# The MIB elsewhere, and the line that says where.
mkdir -p /usr/local/share/snmp/mibs
mv /usr/share/snmp/mibs/OWAMP-MIB.txt /usr/local/share/snmp/mibs
run "snmptranslate -m OWAMP-MIB -On OWAMP-MIB::owampVersion.0" '' 2
text $doc 'mibdirs' >>/etc/snmp/snmp.conf
run "snmptranslate -m OWAMP-MIB -On OWAMP-MIB::owampVersion.0" '' 0
in_output "^$root.1.1.1.0$"
# shellcheck disable=SC2016
paste $doc '$ snmpset -m OWAMP-MIB -v2c -c private localhost '\''owampPeerRowStatus."ops"."far"'\'' = createAndGo'
paste $doc '$ snmpwalk -m OWAMP-MIB -v2c -c public localhost owampPeerState'
paste $doc '$ snmpset -m OWAMP-MIB -v2c -c private localhost '\''owampPeerRowStatus."ops"."tokyo"'\'
paste $doc '$ snmpset -m OWAMP-MIB -v2c -c private localhost '\''owampPeerKeyID."ops"."tokyo"'\'
paste $doc '$ snmpset -m OWAMP-MIB -v2c -c private localhost '\''owampPeerInterval."ops"."far"'\' 2 2 2 2 2
paste $doc '$ snmpset -m OWAMP-MIB -v2c -c private localhost '\''owampPeerRowStatus."ops"."far"'\'' = destroy'
python3 "$ROOT/tests/system/stamp_reflector.py" 127.0.0.1 port=8620 >"$WORK/reflector" &
paste $doc '$ snmpset -m OWAMP-MIB -v2c -c private localhost '\''owampPeerRowStatus."ops"."router"'\'' = createAndGo'
paste $doc '$ snmpwalk -m OWAMP-MIB -v2c -c public localhost owampResultDelayMedian'
paste $doc '$ snmpwalk -m OWAMP-MIB -v2c -c public -OU localhost owampHistoryDelayP95'
paste $doc '$ snmptable -m OWAMP-MIB -v2c -c public -Cbi -Cw 100 -OU localhost owampPeerTable'
paste $doc '$ snmptable -m OWAMP-MIB -v2c -c public -Cbi -Cw 100 -OU localhost owampResultTable'
paste $doc '$ snmptable -m OWAMP-MIB -v2c -c public -Cbi -Cw 100 -OU localhost owampTotalsTable'
paste $doc '$ snmpget -m OWAMP-MIB -v2c -c public localhost '
paste $doc '$ snmpget -m OWAMP-MIB -v2c -c public -On'
paste $doc '$ check_snmp' 0 2 3

# Every object of both notifications that are shown.
heard() { tells <(tr '\t' '\n' <"$traps") "$1"; }
while read -r line; do await heard "$line"; done <<<"$shown"
paste $doc '$ snmpset -m OWAMP-MIB -v2c -c private localhost owampNotificationsEnabled.0'

# collectd's snmp plugin.
{
  printf 'Hostname "probe"\nFQDNLookup false\nLoadPlugin csv\n<Plugin csv>\n  DataDir "/tmp/csv"\n</Plugin>\n'
  text $doc 'LoadPlugin snmp'
} >/tmp/collectd.conf
collectd -f -C /tmp/collectd.conf >"$WORK/collectd" 2>&1 &
for line in $(text $doc 'probe/snmp/delay-near' | sed -n 's|^\(probe/.*\)-....-..-..$|\1|p'); do
  await compgen -G "/tmp/csv/$line-*"
done
