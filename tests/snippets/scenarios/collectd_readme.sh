#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# README.md in collectd, and its query socket: read by those who are in its group, and by nobody else.
# shellcheck source=../scenario.bash
source "$PWD/tests/snippets/scenario.bash"
doc=README.md
socket=/run/owamp/query.sock

# As it stands, but that an interval ends after 5 s.
text $doc 'LoadPlugin owamp' | sed 's/Interval 60/Interval 5/' | start_collectd readme
grep -F '<Responder> listens on :861, port 861' "$WORK/readme"
run 'check_owamp -H host.example.net --count 5 --interval 10ms' '' 0
answers() { check_owamp --query $socket --name frankfurt -w 20ms,1%; }
await answers
paste $doc 'check_owamp --query /run/owamp/query.sock'
run "as nagios check_owamp --query $socket --name frankfurt -w 20ms,1%" '' 0
run "as Debian-snmp check_owamp --query $socket --name frankfurt" '' 3
in_output "the socket's group and permissions say who may ask"

# An empty <Responder> is dropped by collectd; what the plugin can't see it can't refuse, but it says that nothing is left.
end "$COLLECTD"
printf 'LoadPlugin owamp\n<Plugin owamp>\n  <Responder>\n  </Responder>\n</Plugin>\n' | start_collectd empty
grep -F 'nothing to do (collectd drops a <Responder> block without a line in it; write Listen ":861" there)' "$WORK/empty"
