#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# docs/examples/collectd and docs/examples/responder: one host that measures, one that collects, one that is only measured.
# shellcheck source=../scenario.bash
source "$PWD/tests/snippets/scenario.bash"
metrics=http://localhost:9103/metrics

# What is measured: a responder as in the examples.
mkdir -p /etc/owamp-server /etc/collectd
cp "$(example responder/owamp-server.conf)" "$(example responder/owamp-server.limits)" "$(example responder/owamp-server.pfs)" \
  /etc/owamp-server
chmod 640 /etc/owamp-server/owamp-server.pfs
cp /etc/owamp-server/owamp-server.pfs /etc/collectd/owamp.pfs
run 'owamp-responder --check -c /etc/owamp-server' '' 0
owamp-responder -c /etc/owamp-server

start_reflector 192.0.2.7

# The collector, then the host that measures.
echo 'probe: change me' >/etc/collectd/network.auth
start_collectd collector <"$(example collectd/network-server.conf)"
{
  printf 'Interval 1\n'
  sed 's/Interval 60/Interval 5/' "$(example collectd/owamp.conf)"
  cat "$(example collectd/prometheus.conf)" "$(example collectd/network-client.conf)"
} | start_collectd probe
await grep -E 'frankfurt.* up.* open' "$WORK/probe"
await grep -E 'router.* up' "$WORK/probe"
await grep -E 'voice-paris.* up.* authenticated' "$WORK/probe"
run 'as nagios check_owamp --query /run/owamp/query.sock --name voice-paris' '' 3 # no interval has ended yet
rrd=/var/lib/collectd/rrd/host/owamp-frankfurt
await test -e $rrd/delay-forward-p95.rrd
scraped() { curl -s $metrics | grep -E "^$1(_total)?[{ ].*frankfurt"; }
dashboard=$(example collectd/grafana.json)
grep -o 'collectd_owamp_[a-z_]*' "$dashboard" | sort -u | while read -r metric; do await scraped "$metric"; done
jq -e .panels "$dashboard" >/dev/null || fail "the dashboard is no JSON"
await "$(example collectd/graph.sh)" $rrd /tmp/graph.png
[[ $(head -c 4 /tmp/graph.png) == *PNG ]] || fail "graph.sh draws nothing"

# A host that is only measured.
pkill -x owamp-responder # on this host of its own
start_collectd responder <"$(example collectd/responder.conf)"
run 'check_owamp -H host.example.net --count 5 --interval 10ms' '' 0
