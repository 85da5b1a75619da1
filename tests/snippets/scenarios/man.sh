#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# owamp-server.conf(5), owamp-responder(8) and check_owamp(8), with the example of --help.
# shellcheck disable=SC2016
# shellcheck source=../scenario.bash
source "$PWD/tests/snippets/scenario.bash"
server=docs/man/owamp-server.conf.5 responder=docs/man/owamp-responder.8 check=docs/man/check_owamp.8

# Try it.
paste $responder 'owamp-responder -S 127.0.0.1:8610'
end "$(cat /run/owamp-server.pid)"

# A host with owampd, whose files are read as they are.
mkdir /etc/owamp-server /etc/owamp
groupadd --system owamp
cd /etc/owamp-server
printf 'user nobody\ngroup owamp\nverbose\n' >owamp-server.conf
text $server 'limit root with' >owamp-server.limits
paste $server '(umask 077; echo "monitor $(openssl rand'
paste $responder 'chgrp owamp owamp-server.pfs'
paste $server 'owamp-responder --check'
in_output 'no fault'
printf '[Service]\nType=simple\nExecStart=/usr/bin/sleep 60\n' >/etc/systemd/system/owamp-server.service
systemctl start owamp-server
paste $responder 'systemctl disable --now owamp-server'

# Two routers, with the same key.
mkdir /root/reflects
echo 'reflectport 862' >/root/reflects/owamp-server.conf
text $server 'limit all with' >/root/reflects/owamp-server.limits
cp -p owamp-server.pfs /root/reflects
run 'owamp-responder --check -c /root/reflects' '' 0
in_output 'no fault'

# The files are read again by whom it became.
cat owamp-server.pfs >/etc/owamp/keys.pfs
chown nagios: /etc/owamp/keys.pfs && chmod 400 /etc/owamp/keys.pfs
echo "other $(openssl rand -hex 16)" >>owamp-server.pfs
sed -n 's/^other/other/p' owamp-server.pfs >/root/other.pfs && chmod 600 /root/other.pfs
kill -HUP "$(cat /run/owamp-server.pid)"
knows_other() { check_owamp -H owamp.example.net --key-id other --key-file /root/other.pfs --count 3 --interval 5ms; }
await knows_other

# The check, as Nagios runs it.
cd /
paste $check 'check_owamp -H owamp.example.net -w 20ms,1%'
paste $check 'check_owamp -H owamp.example.net -c delay_p95@forward=20ms,delay_p95@reverse=80ms'
paste $check 'check_owamp -H owamp.example.net --diagnose'
paste docs/man/owamp-json.5 'check_owamp -H owamp.example.net --json'
paste $check 'check_owamp -H owamp.example.net --key-id monitor --key-file /etc/owamp/keys.pfs --schedule'
start_reflector 192.0.2.17
paste $check 'check_owamp -H router.example.net --protocol stamp'
in_output '^STAMP OK - round-trip '
start_twamp_server 192.0.2.17
paste $check 'check_owamp -H router.example.net --protocol twamp'
in_output '^TWAMP OK - round-trip '
mkdir -p /etc/monitoring-plugins
text $check '[check_owamp]' >/etc/monitoring-plugins/monitoring-plugins.ini
run 'as nagios check_owamp -H owamp.example.net --extra-opts' '' 0
[[ $(jq -r '.results[0].mode // .mode' "$OUTPUT") == encrypted ]] || fail "without the key of the ini file"
example=$(check_owamp --help | sed -n 's/^  \(check_owamp -H.*\)/\1/p') || true # --help ends with 3
[[ -n $example ]] || fail "--help shows no example"
run "$example" '' 0
