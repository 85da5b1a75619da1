# SPDX-License-Identifier: MIT
# What check_owamp reports is held to what the lab knows.
load helper

setup_file() {
  lab_up clean
  [[ -z ${NET_REASON:-} ]] || return 0
  export CONF=$BATS_FILE_TMPDIR/conf KEYS=$BATS_FILE_TMPDIR/keys.pfs
  mkdir -p "$CONF"
  echo 'monitor 636f727265637420686f727365' | tee "$KEYS" >"$CONF/owamp-server.pfs"
  chmod 600 "$KEYS" "$CONF/owamp-server.pfs"
  printf 'rootfolly\n' >"$CONF/owamp-server.conf"
  printf 'limit root with allow_open_mode=on\nassign default root\n' >"$CONF/owamp-server.limits"
  mkdir "$CONF/shared"
  cp -p "$CONF"/owamp-server.* "$CONF/shared"
  echo 'testports 861' >>"$CONF/shared/owamp-server.conf"
  export LD_PRELOAD=$ONE_CLOCK
  start_responder "$NS_B" -c "$CONF/shared" -S "[::]:0" >/dev/null
  export PORT6=$RESPONDER_PORT
  mv "$(log_of responder)" "$(log_of responder6)"
  mv "$BATS_FILE_TMPDIR/responder.pid" "$BATS_FILE_TMPDIR/responder6.pid"
  start_responder "$NS_B" -c "$CONF" -S "$B4:0"
  unset LD_PRELOAD
}

teardown_file() { lab_down; }

LOSS_TIMEOUT=0.3

# measure NAME OPTION...: one check_owamp, 300 packets each way in about 0.6 s; its report goes to $BATS_TEST_TMPDIR/NAME.json.
measure() {
  local name=$1
  shift
  in_a env LD_PRELOAD="$ONE_CLOCK" "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" --count 300 --interval 2ms \
    --loss-timeout "${LOSS_TIMEOUT}s" --json -vvv --key-id monitor --key-file "$KEYS" "$@" \
    >"$BATS_TEST_TMPDIR/$name.json" 2>"$BATS_TEST_TMPDIR/$name.errors" || true
}

# judge NAME: it is the truth.
judge() { python3 "$LAB/truth.py" "$LAB_TRUTH" "$BATS_TEST_TMPDIR/$1.json" --loss-timeout "$LOSS_TIMEOUT"; }

# true_report NAME OPTION...: measure, and judge.
true_report() { measure "$@" && judge "$1"; }

# holds SCENARIO [MODE...]: what is reported under it is the truth, in every mode.
holds() {
  local scenario=$1 mode bad=0
  shift
  (($#)) || set -- open authenticated encrypted
  lab_change "$scenario"
  for mode in "$@"; do
    again true_report "$mode" --mode "$mode" --padding "${PADDING:-0}" || { echo "^ $scenario, $mode" && bad=1; }
  done
  return "$bad"
}

@test "a clean path" { holds clean; }
@test "a slow path" { holds slow; }
@test "jitter in order" { holds jitter; }
@test "reordering" { holds reordering; }
@test "random loss" { holds loss; }
@test "bursts of loss" { holds bursts; }
@test "loss of the first and the last" { holds ends; }
@test "every n-th lost" { holds every; }
@test "nothing arrives" { holds nothing; }
@test "duplicates" { holds duplicates; }
@test "every packet twice" { holds twice; }
@test "every packet thrice, and some not at all" { holds thrice; }

# Of 300 packets the responder keeps 300 / 8 + 16 + 2 * 300 copies, and can tell of no more.
@test "one packet replayed 1500 times" {
  local mode
  lab_change replay
  for mode in open encrypted; do
    measure "$mode" --mode "$mode"
    run -1 judge "$mode"
    [[ ${lines[0]} =~ ^"forward: duplicates is 1"[0-9]{3}", reported 653"$ ]]
    jq -e '[.results[] | .sent == 300 and .lost == 0 and .discarded == 0] == [true, true]' "$BATS_TEST_TMPDIR/$mode.json"
  done
}

@test "corruption that the checksum tells" { holds corruption; }
@test "corruption that only the HMAC tells" { PADDING=64 holds forgery encrypted; }
@test "hops and a rewritten DSCP" { holds router; }
@test "blackouts" { holds blackout; }
@test "a trace, and packets later than the loss timeout" { holds trace; }
@test "all at once" { holds all; }

@test "all at once, with one port for all sessions" { RESPONDER_PORT=$PORT6 holds all; }

@test "IPv6, likewise" {
  lab_change all
  again true_report six -H "$B6" -p "$PORT6" --mode open
}

@test "a false report is found out" {
  lab_change loss
  again true_report honest --mode open
  local lie
  for lie in '.results[0].received += 1' '.results[1].duplicates = 1' '.results[0].reordered = 2' \
    '.results[0].longest_loss_run += 1' '.results[1].hops.max = 1' '.results[0].delay.p95 += 0.01' \
    '(.results[0].packets[] | select(.lost) | .sequence) |= . - 1' '.results[1].packets[].delay += 0.01' '.results[0].packets[0:20][].delay += 0.01' \
    '.results[0].packets[].sent |= .[:20] + ((.[20:29] | tonumber + 5000 | tostring | "00000000" + .) | .[-9:]) + "Z"' \
    '.results[1].packets[].sent |= .[:20] + ((.[20:29] | tonumber + 50000 | tostring | "00000000" + .) | .[-9:]) + "Z"' \
    '.results[1].completeness = "partial"'; do
    jq "$lie" "$BATS_TEST_TMPDIR/honest.json" >"$BATS_TEST_TMPDIR/lie.json"
    run ! judge lie
  done
}
