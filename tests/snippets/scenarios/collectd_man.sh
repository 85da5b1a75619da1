#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# collectd-owamp(5).
# shellcheck source=../scenario.bash
source "$PWD/tests/snippets/scenario.bash"
doc=docs/man/collectd-owamp.5

owamp-responder
text $doc 'LoadPlugin owamp' | start_collectd synopsis
await grep -E 'frankfurt.* up' "$WORK/synopsis"
end "$COLLECTD"

mkdir -p /etc/collectd && cp /tmp/synopsis.conf /etc/collectd/collectd.conf
paste $doc 'collectd -t'
cd /tmp && text $doc 'LoadPlugin logfile' >owamp.conf
stays $doc 'collectd -f -C owamp.conf' 'Initialization complete'
await grep -E 'myself.* up' "$OUTPUT"
await compgen -G '/tmp/owamp-csv/*/owamp-myself/delay-forward-p95-*'
! grep -iE 'refused|error|cannot|FAILURE' "$OUTPUT" || fail "collectd complains"
