# SPDX-License-Identifier: MIT
# What check_owamp reports of a reflector is held to what the lab knows: losses by direction exactly, both ways' times of arrival, and
# the way there within the error that is reported with it. The reflector's own departures are as exact as a script's.
load helper

setup_file() {
  lab_up clean
  [[ -z ${NET_REASON:-} ]] || return 0
  export KEYS=$BATS_FILE_TMPDIR/keys.pfs
  echo 'router 73656372657421' >"$KEYS"
  chmod 600 "$KEYS"
  start_reflector plain "$B4"
  start_reflector six "$B6"
  start_reflector keyed "$B4" key=73656372657421
}

# start_reflector NAME HOST [HABIT...]: it says that its times may be a millisecond off.
start_reflector() {
  start "$1" "$NS_B" python3 "$BATS_TEST_DIRNAME/../system/stamp_reflector.py" "$2" error=9040 "${@:3}"
  wait_for_log "$1" '^listening' >/dev/null
}

teardown_file() { lab_down; }

LOSS_TIMEOUT=0.3

# measure REFLECTOR OPTION...: one check_owamp, 300 packets in about 0.6 s; its report goes to $BATS_TEST_TMPDIR/report.json.
measure() {
  local port
  port=$(awk '/^listening/ { print $2 }' "$(log_of "$1")")
  shift
  in_a env LD_PRELOAD="$ONE_CLOCK" "$CHECK_OWAMP" -H "$B4" -p "$port" --protocol stamp --count 300 --interval 2ms \
    --loss-timeout "${LOSS_TIMEOUT}s" --json -vvv "$@" >"$BATS_TEST_TMPDIR/report.json" 2>"$BATS_TEST_TMPDIR/errors" || true
}

judge() { python3 "$LAB/truth.py" "$LAB_TRUTH" "$BATS_TEST_TMPDIR/report.json" --loss-timeout "$LOSS_TIMEOUT" "$@"; }

# true_report REFLECTOR OPTION...: measure, and judge.
true_report() { measure "$@" && judge; }

# holds SCENARIO: what is reported under it is the truth.
holds() {
  lab_change "$1"
  again true_report plain || { echo "^ $1" && return 1; }
}

@test "reflected: a slow path, in both families and modes" {
  holds slow
  again true_report six -H "$B6"
  again true_report keyed --key-id router --key-file "$KEYS"
  jq -e '.mode == "authenticated"' "$BATS_TEST_TMPDIR/report.json"
}

@test "reflected: random loss, and the first and the last" {
  holds loss
  holds ends
}

@test "reflected: reordering, each way its own" { holds reordering; }
@test "reflected: copies, made on either way" { holds duplicates; }
@test "reflected: hops" { holds router; }

@test "reflected: where copies were lost, too, losses have no direction" {
  lab_change - <<<$'seed 5\nboth delay fixed 2ms\nforward loss random 3%\nreverse loss random 3%\nforward duplicate every 7'
  true_but_for_ways() { measure plain && judge --unknown-ways; }
  again true_but_for_ways
}

@test "reflected: a false report is found out" {
  lab_change loss
  again true_report plain
  cp "$BATS_TEST_TMPDIR/report.json" "$BATS_TEST_TMPDIR/honest.json"
  local lie
  for lie in '.results[0].lost += 1' '.results[1].sent -= 1' '.results[1].duplicates = 1' '.results[2].delay.p95 += 0.01' \
    '.results[1].loss_unknown = true' '(.results[2].packets[] | select(.lost) | .sequence) |= . - 1'; do
    jq "$lie" "$BATS_TEST_TMPDIR/honest.json" >"$BATS_TEST_TMPDIR/report.json"
    run ! judge
  done
}
