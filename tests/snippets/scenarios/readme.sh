#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# README.md: the first try, the far host behind its firewall, the key on both sides.
# shellcheck source=../scenario.bash
source "$PWD/tests/snippets/scenario.bash"
doc=README.md

paste $doc '$ owamp-responder -f -S 127.0.0.1:8610 &'

# A router, before there is a firewall.
start_reflector 192.0.2.17
paste $doc 'check_owamp -H router.example.net --protocol stamp'
in_output '^STAMP OK - round-trip '

# A firewall that lets nothing in but answers; the diagnosis tells of it, once the control connection is let through.
nft -f - <<'END'
table inet filter {
  chain input { type filter hook input priority 0; policy drop; tcp sport 861 accept; }
}
END
paste $doc 'mkdir -p /etc/owamp-server'
cd /root
run 'check_owamp -H far.example.net -t 2 --count 5 --interval 10ms --loss-timeout 200ms' '' 2
nft add rule inet filter input tcp dport 861 accept
paste $doc '$ check_owamp -H far.example.net --diagnose' 2
in_output '^ok +limits: ' '^FAILED +UDP out: none of [0-9]+ packets to .* port 861 arrived' "mend: .*the server's one test port"
paste $doc 'nft add rule'
paste $doc 'check_owamp -H far.example.net --ports'
in_output '^OWAMP OK'
paste $doc 'scp far.example.net:'
in_output '^OWAMP OK'
# The key matters: without it, and with another one, that much is refused.
run 'check_owamp -H far.example.net --ports 8760-9960 --interval 1ms --padding 1200' '' 3
echo "monitor $(openssl rand -hex 16)" >wrong.pfs
run 'check_owamp -H far.example.net --key-id monitor --key-file wrong.pfs' '' 3
