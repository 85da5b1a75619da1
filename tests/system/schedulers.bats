#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The real schedulers: Nagios and Icinga run the check on their own, with the examples' configuration, and see what
# becomes of a path whose delay and loss are changed under them.
load ../lab/helper

EXAMPLES=$BATS_TEST_DIRNAME/../../docs/examples
# So that a check lasts a fraction of a second.
PACE='--count 20 --interval 5ms --loss-timeout 300ms'

setup_file() {
  lab_up clean
  [[ -z ${NET_REASON:-} ]] || return 0
  start_responder "$NS_B"
}

teardown_file() { lab_down; }

setup() {
  need_net
  HOME_DIR=$BATS_TEST_TMPDIR
}

# eventually SECONDS COMMAND...: try it until it succeeds; fails at the deadline.
eventually() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || { echo "never true: $*" && return 1; }
    read -rt 0.1 <> <(:) || true
  done
}

# story SAYS: walk the path through its states; `SAYS STATE` is true once the scheduler has seen that state.
story() {
  local says=$1
  lab_change clean && eventually 30 "$says" 0 &&
    lab_change - <<<'forward delay fixed 30ms' && eventually 20 "$says" 1 &&
    lab_change - <<<'reverse loss every 2' && eventually 20 "$says" 2 &&
    lab_change clean && eventually 20 "$says" 0
}

# ---- Nagios ----

# nagios_cfg LINE...: a main configuration as Debian's, below HOME_DIR, with further lines.
nagios_cfg() {
  mkdir -p "$HOME_DIR/spool"
  printf '%s\n' "log_file=$HOME_DIR/nagios.log" cfg_dir=/etc/nagios-plugins/config \
    cfg_file=/etc/nagios4/objects/{commands,contacts,timeperiods,templates,localhost}.cfg \
    "cfg_file=$EXAMPLES/nagios/commands.cfg" "cfg_file=$EXAMPLES/nagios/owamp.cfg" "object_cache_file=$HOME_DIR/objects.cache" \
    "resource_file=$HOME_DIR/resource.cfg" "status_file=$HOME_DIR/status.dat" \
    nagios_user=root nagios_group=root check_external_commands=0 "lock_file=$HOME_DIR/pid" \
    "temp_file=$HOME_DIR/tmp" "temp_path=$HOME_DIR" "check_result_path=$HOME_DIR/spool" check_for_updates=0 \
    enable_notifications=0 use_retained_program_state=0 retain_state_information=0 \
    "illegal_macro_output_chars=\`~\$&|'\"<>" "$@" >"$HOME_DIR/nagios.cfg"
  # shellcheck disable=SC2016
  echo "\$USER1\$=$OWAMP_BUILD/plugins/nagios" >"$HOME_DIR/resource.cfg"
}

# nagios_value NAME: a member of the service's status; empty before the first check.
nagios_value() {
  sed -n "/^servicestatus {/,/}/p" "$HOME_DIR/status.dat" | awk -v RS='}' '/service_description=path/' |
    sed -n "s/^[[:space:]]*$1=//p"
}

nagios_says() { [[ $(nagios_value has_been_checked) == 1 && $(nagios_value current_state) == "$1" ]]; }

@test "Nagios accepts the example as it stands" {
  nagios_cfg
  run nagios4 -v "$HOME_DIR/nagios.cfg"
  [ "$status" -eq 0 ]
  [[ $output == *"Total Warnings: 0"*"Total Errors:   0"* ]]
}

@test "in Nagios a service follows its path: OK, WARNING, CRITICAL, OK" {
  cat >"$HOME_DIR/path.cfg" <<CFG
define host {
  use generic-host
  host_name far
  address $B4
  max_check_attempts 1
  check_command check_owamp!1s!2s
}
define service {
  use owamp-service
  host_name far
  service_description path
  check_interval 1
  retry_interval 1
  max_check_attempts 1
  check_command check_owamp_options!20ms,5%!60ms,20%!-p $RESPONDER_PORT $PACE
}
CFG
  nagios_cfg "cfg_file=$HOME_DIR/path.cfg" interval_length=1 status_update_interval=1 \
    max_service_check_spread=1 check_result_reaper_frequency=1 execute_host_checks=0
  start nagios "$NS_A" nagios4 "$HOME_DIR/nagios.cfg"
  story nagios_says || { cat "$HOME_DIR/status.dat" "$(log_of nagios)" && false; }
  # As it was printed: Nagios makes ':' of every ';'.
  [[ $(nagios_value plugin_output) == "OWAMP OK - forward "*" lost, reverse "*" lost (p95"* ]]
  # The same numbers as labels that stay, within the limits that were given.
  local perfdata
  perfdata=$(nagios_value performance_data)
  echo "$perfdata"
  [[ $perfdata == "fwd_delay_min="*" fwd_delay_p95="*"s;0.02;0.06 "*" rev_loss=0%;5;20;0;100 "*" clock_error="* ]]
  stop nagios
}

# ---- Icinga ----

# icinga COMMAND...: with all that it keeps below HOME_DIR.
icinga() {
  local part options=()
  for part in Data:data Log:log Cache:cache Spool:spool InitRun:run; do
    mkdir -p "$HOME_DIR/${part#*:}"
    options+=(-D "Configuration.${part%:*}Dir=$HOME_DIR/${part#*:}")
  done
  "${RUN_IN[@]}" env ICINGA2_USER=root ICINGA2_GROUP=root icinga2 "$@" "${options[@]}" \
    -D Configuration.RunAsUser=root -D Configuration.RunAsGroup=root
}

# icinga_conf NAME: a configuration with the example's command; further lines from standard input.
icinga_conf() {
  {
    echo "const PluginDir = \"$OWAMP_BUILD/plugins/nagios\""
    echo "const NodeName = \"$1\""
    echo 'include <itl>'
    echo 'include <plugins>'
    echo "include \"$EXAMPLES/icinga/owamp-command.conf\""
    cat
  } >"$HOME_DIR/icinga.conf"
}

@test "Icinga accepts the examples as they stand" {
  RUN_IN=()
  icinga_conf single <<<"include \"$EXAMPLES/icinga/owamp.conf\""
  run icinga daemon -C -c "$HOME_DIR/icinga.conf"
  echo "$output"
  [ "$status" -eq 0 ]
  [[ $output != *warning* && $output == *"Instantiated 4 Services"* ]]
  icinga_conf master.example.net <<<"include \"$EXAMPLES/icinga/distributed/zones.conf\"
include \"$EXAMPLES/icinga/distributed/services.conf\""
  run icinga daemon -C -c "$HOME_DIR/icinga.conf"
  echo "$output"
  [ "$status" -eq 0 ]
  [[ $output != *warning* && $output == *"Instantiated 1 Service."* ]]
}

@test "the Icinga command has every option, its variable and a description" {
  local options commands
  options=$("$CHECK_OWAMP" --help | sed -n 's/^ *\(-., \)\{0,1\}--\([a-z0-9-]*\).*/\2/p' |
    grep -vE '^(help|version|json)$' | sort)
  # Short options stand for the long ones.
  commands=$(sed -n 's/^    "\(-[^"]*\)" = {/\1/p' "$EXAMPLES/icinga/owamp-command.conf" |
    sed 's/^-H$/hostname/; s/^-p$/port/; s/^-4$/use-ipv4/; s/^-6$/use-ipv6/; s/^-w$/warning/; s/^-c$/critical/
      s/^-t$/timeout/; s/^-vv*$/verbose/; s/^--//' | sort -u)
  [ "$options" = "$commands" ]
  [ "$(grep -c '^    "-' "$EXAMPLES/icinga/owamp-command.conf")" = \
    "$(grep -c '^      description = "..*"' "$EXAMPLES/icinga/owamp-command.conf")" ]
}

icinga_get() {
  in_a curl -sk -u root:secret "https://127.0.0.1:5665/v1/objects/services" | jq -re ".results[0].attrs | $1"
}

icinga_says() { [[ $(icinga_get 'select(.last_check > 0) | .state') == "$1" ]]; }

# parsed HOW: performance data of the path, printed HOW, as Icinga's own parser takes them:
# [[label, value, warn, crit, min, max, unit], ...], or "refused: ..." for one that it doesn't take.
parsed() {
  local list
  list=$(in_a "$CHECK_OWAMP" -H "$B4" -p "$RESPONDER_PORT" --count 10 --interval 5ms --loss-timeout 300ms -w 20ms,5% -c 60ms,20% \
    --perfdata "$1" | sed -n '1s/^[^|]*|//p' | tr ' ' '\n' | jq -Rnc '[inputs]')
  icinga2 console --eval "$list.map(text => { try { var one = parse_performance_data(text);
    return [ one.label, one.value, one.warn, one.crit, one.min, one.max, one.unit ] } except { return \"refused: \" + text } })"
}

@test "in Icinga a service follows its path: OK, WARNING, CRITICAL, OK" {
  local certs=$HOME_DIR/data/certs
  RUN_IN=()
  icinga pki new-ca >/dev/null
  mkdir -p "$certs"
  icinga pki new-cert --cn owamp-test --key "$certs/owamp-test.key" --csr "$certs/owamp-test.csr" >/dev/null
  icinga pki sign-csr --csr "$certs/owamp-test.csr" --cert "$certs/owamp-test.crt" >/dev/null
  cp "$HOME_DIR/data/ca/ca.crt" "$certs"
  icinga_conf owamp-test <<CONF
const ZoneName = NodeName
object Endpoint NodeName { }
object Zone ZoneName { endpoints = [ NodeName ] }
object CheckerComponent "checker" { }
object ApiListener "api" { bind_host = "127.0.0.1" }
object ApiUser "root" { password = "secret", permissions = [ "*" ] }
object Host "far" { check_command = "dummy", address = "$B4" }
object Service "path" {
  host_name = "far"
  check_command = "owamp"
  check_interval = 1s
  retry_interval = 1s
  max_check_attempts = 1
  vars.owamp_port = $RESPONDER_PORT
  vars.owamp_count = 20
  vars.owamp_interval = "5ms"
  vars.owamp_loss_timeout = "300ms"
  vars.owamp_warning = "20ms,5%"
  vars.owamp_critical = "60ms,20%"
  vars.owamp_mode = [ "open", "encrypted" ]
  vars.owamp_extra_opts = "@$HOME_DIR/owamp.ini"
}
CONF
  printf '[check_owamp]\nmin-packets = 5\n' >"$HOME_DIR/owamp.ini"
  RUN_IN=(in_a)
  icinga daemon -c "$HOME_DIR/icinga.conf" >"$HOME_DIR/icinga.log" 2>&1 3>&- &
  echo $! >"$BATS_FILE_TMPDIR/icinga.pid"
  story icinga_says || { cat "$HOME_DIR/icinga.log" && icinga_get . && false; }
  [[ $(icinga_get .last_check_result.output) == "OWAMP OK - "* ]]
  icinga_get '.last_check_result.performance_data | join(" ")' | tee "$HOME_DIR/perfdata"
  grep -q '^fwd_delay_min=.* fwd_delay_p95=[-0-9.]*s;0.02;0.06 .*rev_loss=0%;5;20;0;100 .*clock_error=' "$HOME_DIR/perfdata"
  # Its own parser takes each of them whole: here, and of a path on which nothing is known one way.
  lab_change - <<<'reverse loss every 1'
  parsed sparse >"$HOME_DIR/sparse"
  cat "$HOME_DIR/sparse"
  jq -e 'map({(.[0]): .[1:]}) | add | .fwd_delay_p95[1:] == [0.02, 0.06, null, null, "seconds"] and
    .rev_loss == [100, 5, 20, 0, 100, "percent"] and .asymmetry == null and .fwd_skipped == [0, null, null, 0, null, ""] and
    ([.[] | select(.[0] == null)] == [])' "$HOME_DIR/sparse"
  # What it makes of U is the reason why the example leaves it out.
  parsed full | grep -F '"refused: rtt=U"'
}
