# SPDX-License-Identifier: MIT
# owamp-responder as reflector, of STAMP and of TWAMP at one UDP port: what check_owamp reports of it is held to what the lab knows,
# losses by direction exactly, delays of both ways within the error that is reported with them, and none of its stamps with a bias.
load helper

setup_file() {
  lab_up clean
  [[ -z ${NET_REASON:-} ]] || return 0
  export CONF=$BATS_FILE_TMPDIR/conf
  export KEYS=$CONF/owamp-server.pfs
  mkdir "$CONF"
  echo 'router 73656372657421' >"$KEYS"
  chmod 600 "$KEYS"
  printf 'reflectport 862\ntwampnode :862\n' >"$CONF/owamp-server.conf"
  {
    echo 'limit root with allow_open_mode=on'
    echo 'assign default root'
    printf 'assign stamp %s root\n' "$A4" "$A6"
    printf 'assign stamp %s ssid=9 key=router root\n' "$A4" "$A6"
  } >"$CONF/owamp-server.limits"
  LD_PRELOAD=$ONE_CLOCK start_responder "$NS_B" -c "$CONF" -S ":0"
}

teardown_file() { lab_down; }

LOSS_TIMEOUT=0.2

# true_report MODE PROTOCOL HOST [OPTION...]: 200 packets in 0.4 s, and what is reported of them is the truth.
true_report() {
  local report=$BATS_TEST_TMPDIR/report.json
  in_a env LD_PRELOAD="$ONE_CLOCK" "$CHECK_OWAMP" -H "$3" --protocol "$2" --count 200 --interval 2ms \
    --loss-timeout "${LOSS_TIMEOUT}s" --json -vvv "${@:4}" >"$report" 2>"$BATS_TEST_TMPDIR/errors" || true
  jq -e --arg mode "$1" '.mode == $mode and .reflector.stateful' "$report" >/dev/null || return 1
  python3 "$LAB/truth.py" "$LAB_TRUTH" "$report" --loss-timeout "$LOSS_TIMEOUT" --exact-reflector
}

# holds MODE PROTOCOL HOST [OPTION...]
holds() { again true_report "$@" || { echo "^ $*" && cat "$BATS_TEST_TMPDIR/errors" && return 1; }; }

keyed() { holds "$@" --key-id router --key-file "$KEYS"; }

@test "STAMP, both ways lossy and out of order" {
  lab_change - <<<$'seed 21\nforward delay uniform 1ms 10ms\nreverse delay uniform 5ms 20ms\nforward loss random 6%\nreverse loss random 3%'
  holds open stamp "$B4"
  holds open stamp "$B6"
  keyed authenticated stamp "$B6" --ssid 9
}

@test "TWAMP, both ways lossy and out of order" {
  lab_change - <<<$'seed 22\nforward delay uniform 1ms 10ms\nreverse delay uniform 5ms 20ms\nforward loss random 3%\nreverse loss random 6%'
  holds open twamp "$B4"
  holds open twamp "$B6"
  keyed encrypted twamp "$B4" --mode encrypted
}

@test "copies, made on either way" {
  lab_change duplicates
  keyed authenticated stamp "$B4" --ssid 9
  holds open twamp "$B6"
  keyed authenticated twamp "$B4" --mode authenticated
}
