#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# owamp-agentx(8), owamp-agentx.conf(5), owamp-query(5), and SNMP in README.md.
# shellcheck source=../scenario.bash
source "$PWD/tests/snippets/scenario.bash"
page=docs/man/owamp-agentx.8 conf=docs/man/owamp-agentx.conf.5 query=docs/man/owamp-query.5
socket=/run/owamp/query.sock

owamp-responder
systemctl start snmpd

# README.md, in the folder of the sources.
paste README.md 'cp docs/examples/snmp/snmpd.conf'
in_output '^iso\.3\.6\.1\.4\.1\.8072\.9999\.9999\.861\.1\.1\.1\.0 = STRING: '
agent() { pgrep -x owamp-agentx; }
end "$(agent)"
rm /etc/snmp/owamp-agentx.conf

# owamp-agentx(8)
paste $page 'install -d -m 755 /var/agentx'
paste $page "# echo 'owampPeer frankfurt"
in_output '^SNMP table: OWAMP-MIB::owampPeerTable'
end "$(agent)"

# owamp-agentx.conf(5): everything is accepted, and nagios' group reads what is published.
text $conf 'owampKeyFile' >/etc/snmp/owamp-agentx.conf
echo "monitor $(openssl rand -hex 16)" >/etc/snmp/owamp.pfs
chown Debian-snmp: /etc/snmp/owamp.pfs && chmod 600 /etc/snmp/owamp.pfs
run 'owamp-agentx --check' '' 0
owamp-agentx -u Debian-snmp -g Debian-snmp
run "as nagios check_owamp --query $socket --name nobody" '' 3
in_output 'there is no stream "nobody".*frankfurt'
end "$(agent)"

# owamp-query(5): for both readers a group in common.
paste $query '# groupadd --system owamp'
text $query 'owampPublish' | sed 's/group nagios/group owamp/' >/etc/snmp/owamp-agentx.conf
echo 'owampPeer far host 127.0.0.1 interval 4s loss-timeout 500ms' >>/etc/snmp/owamp-agentx.conf
owamp-agentx -u Debian-snmp -g Debian-snmp
paste $query '$ echo list | socat'
for user in nagios Debian-snmp; do
  run "as $user check_owamp --query $socket --name far -w 1s,50%" '' 0
done
# Nobody who isn't in the group.
run "as www-data check_owamp --query $socket --name far" '' 3
end "$(agent)"

# A subagent that is started as root has it by -g, and is let in again, no longer root, after the collector's restart.
collector() {
  {
    printf 'LoadPlugin owamp\n<Plugin owamp>\n  QuerySocket "%s"\n' $socket
    text $query 'QuerySocketGroup' | sed "s/nagios/$1/"
    printf '  <Peer "near">\n    Host "127.0.0.1"\n  </Peer>\n</Plugin>\n'
  } | start_collectd "collector-$2"
}
sees_near() { snmpwalk -v2c -c public -On localhost .1.3.6.1.4.1.8072.9999.9999.861.1.2.1.23 | grep 0.4.110.101.97.114; }
text $conf 'owampQuerySocket' >/etc/snmp/owamp-agentx.conf
collector owamp first
owamp-agentx -u Debian-snmp -g owamp -Lf /tmp/agent.log
await sees_near
end "$COLLECTD"
collector owamp again
connected() { [[ $(grep -c "query socket $socket answers: 1 stream" /tmp/agent.log) == "$1" ]]; }
await connected 2
end "$(agent)"
end "$COLLECTD"

# For the subagent alone its own group is enough.
collector Debian-snmp alone
owamp-agentx -u Debian-snmp -g Debian-snmp
await sees_near
end "$(agent)"

# What the example has in comments can be read too.
sed -n 's/^# \(owamp[PQ]\)/\1/p' "$(example snmp/owamp-agentx.conf)" >/etc/snmp/owamp-agentx.conf
run 'owamp-agentx --check' '' 0
