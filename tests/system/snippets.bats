#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Every snippet of README.md, the manual pages, docs and their examples does what it says, pasted as it stands, in the
# real daemons: tests/snippets has a scenario for each document, run on a host of its own, all at once.

SCENARIOS=(readme collectd_readme collectd_man collectd_examples man agentx snmp schedulers)

setup_file() {
  local name
  cd "$BATS_TEST_DIRNAME/../.." || return 1
  export RESULTS=$BATS_FILE_TMPDIR/results SANDBOX_REASON=
  mkdir -p "$RESULTS/snippets" "$RESULTS/installed"
  DESTDIR=$RESULTS/installed cmake --install "${OWAMP_BUILD:-build/release}" --prefix /usr >"$RESULTS/install.log"
  tests/snippets/extract.py "$RESULTS/snippets"
  SANDBOX_REASON=$(tests/snippets/sandbox "$RESULTS/installed" "$RESULTS" true 2>&1) && SANDBOX_REASON= || return 0
  for name in "${SCENARIOS[@]}"; do scenario "$name" & done 3>&- >/dev/null 2>&1
}

# scenario NAME: run it to its end; RESULTS/NAME.log and, once it has ended, RESULTS/NAME.status.
scenario() {
  local status=0
  timeout -k 5 150 tests/snippets/sandbox "$RESULTS/installed" "$RESULTS" "tests/snippets/scenarios/$1.sh" \
    >"$RESULTS/$1.log" 2>&1 </dev/null || status=$?
  echo "$status" >"$RESULTS/$1.part" && mv "$RESULTS/$1.part" "$RESULTS/$1.status"
}

teardown_file() {
  # Whatever ends early leaves no sandbox behind.
  local name
  for name in "${SCENARIOS[@]}"; do ended "$name" 160 || true; done
}

setup() { [[ -z $SANDBOX_REASON ]] || skip "no sandbox: $SANDBOX_REASON"; }

# ended NAME SECONDS: wait for the scenario's end.
ended() {
  local end=$((SECONDS + $2))
  until [[ -e $RESULTS/$1.status ]]; do
    ((SECONDS < end)) || return 1
    sleep 0.1
  done
}

# told NAME: the scenario ended well.
told() {
  ended "$1" 160
  cat "$RESULTS/$1.log"
  [ "$(cat "$RESULTS/$1.status")" = 0 ]
}

@test "snippets: README.md, from the first try to the key on both sides of a firewall" { told readme; }

@test "snippets: README.md in collectd, its query socket read by the group that it is for" { told collectd_readme; }

@test "snippets: collectd-owamp(5)" { told collectd_man; }

@test "snippets: the examples for collectd and for the responder" { told collectd_examples; }

@test "snippets: check_owamp(8), owamp-responder(8), owamp-server.conf(5)" { told man; }

@test "snippets: owamp-agentx(8), owamp-agentx.conf(5), owamp-query(5), README.md over SNMP" { told agentx; }

@test "snippets: docs/snmp.md, beside Debian's own snmpd.conf" { told snmp; }

@test "snippets: the examples in Debian's own Nagios and Icinga" { told schedulers; }

@test "snippets: each is run by a scenario, or said why not" {
  local name
  cd "$BATS_TEST_DIRNAME/../.."
  [ "$(printf '%s.sh\n' "${SCENARIOS[@]}" | sort)" = "$(ls tests/snippets/scenarios)" ]
  for name in "${SCENARIOS[@]}"; do ended "$name" 160; done
  tests/snippets/covered.py "$RESULTS"
}

@test "snippets: one that nobody runs, and a reason for one that is gone, are noticed" {
  local copy=$BATS_TEST_TMPDIR
  cd "$BATS_TEST_DIRNAME/../.."
  mkdir "$copy/snippets"
  cut -f 1 "$RESULTS/snippets/index" >"$copy/used"
  { grep -v 'owping TESTADDR' "$RESULTS/snippets/index" && printf '9999\tREADME.md\tcheck_owamp -H new\n'; } >"$copy/snippets/index"
  run tests/snippets/covered.py "$copy"
  [ "$status" -eq 1 ]
  [[ $output == *"owamp-responder.8 has 0 snippets that begin so: owping"* ]]
  [[ $output == *"it is run: README.md: ./dev demo"* && $output == *"nobody runs it: README.md: check_owamp -H new"* ]]
}
