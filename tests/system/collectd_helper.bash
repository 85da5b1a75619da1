# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Harness of the system tests with the real collectd. A .bats file says `load helper` and `load collectd_helper`.

COLLECTD=/usr/sbin/collectd
# Where Debian keeps collectd's own plugins, whatever the architecture.
COLLECTD_PLUGINS=/usr/lib/collectd
export COLLECTD COLLECTD_PLUGINS

# need_collectd: skip the test, with the reason, where there is no collectd or no plugin for it.
need_collectd() {
  need_net
  [[ -x $COLLECTD ]] || skip "collectd is not installed"
  [[ -e $OWAMP_BUILD/plugins/collectd/owamp.so ]] || skip "the plugin for collectd is not built"
}

# collectd_folder NAME: print where a collectd keeps what it writes: csv/, rrd/, collectd.conf, notifications.
collectd_folder() { echo "$BATS_FILE_TMPDIR/collectd-$1"; }

# collectd_conf NAME [BUILD]: its configuration; what stands in <Plugin owamp> comes from standard input.
collectd_conf() {
  local folder
  folder=$(collectd_folder "$1")
  mkdir -p "$folder"
  cat >"$folder/collectd.conf" <<CONF
Hostname "here"
FQDNLookup false
BaseDir "$folder"
PIDFile "$folder/pid"
Interval 1
PluginDir "$COLLECTD_PLUGINS"
LoadPlugin logfile
<Plugin logfile>
  LogLevel info
  File stdout
  Timestamp true
  PrintSeverity true
</Plugin>
LoadPlugin csv
<Plugin csv>
  DataDir "$folder/csv"
</Plugin>
LoadPlugin rrdtool
<Plugin rrdtool>
  DataDir "$folder/rrd"
  CacheTimeout 0
</Plugin>
PluginDir "${2:-$OWAMP_BUILD}/plugins/collectd"
LoadPlugin owamp
<Plugin owamp>
$(cat)
</Plugin>
CONF
}

# collectd_start NAME [NS] [ENV...]: run it in the foreground of the namespace (A); its log is log_of NAME.
collectd_start() {
  local name=$1 ns=${2:-$NS_A}
  shift
  (($# == 0)) || shift
  start "$name" "$ns" env "$@" stdbuf -oL "$COLLECTD" -f -C "$(collectd_folder "$name")/collectd.conf"
  wait_for_log "$name" 'Initialization complete' >/dev/null
}

# csv_of NAME PEER VALUE: print the value's lines "time,value", oldest first.
csv_of() { cat "$(collectd_folder "$1")/csv/here/owamp-$2/$3"-????-??-?? 2>/dev/null | grep -v '^epoch' || true; }

# last_time NAME PEER VALUE: print the time of the last one; 0: none.
last_time() { csv_of "$@" | awk -F, '{ t = $1 } END { print t ? t : 0 }'; }

# wait_value NAME PEER VALUE CONDITION [SINCE [SECONDS]]: print the first line later than SINCE (0) for which the
# condition of awk on `t` and `v` holds; fails, with what there was, after SECONDS (30).
wait_value() {
  local found deadline=$((SECONDS + ${6:-30}))
  while ((SECONDS < deadline)) && [[ -e /proc/$(pid_of "$1") ]]; do
    found=$(csv_of "$1" "$2" "$3" |
      awk -F, -v since="${5:-0}" "\$1 + 0 > since + 0 { t = \$1; v = \$2; if ($4) { print; exit } }")
    [[ -z $found ]] || { echo "$found" && return; }
    sleep 0.2
  done
  echo "no $2/$3 with $4 after ${5:-0}; there were:" && csv_of "$1" "$2" "$3" | tail -n 5
  echo "the log:" && tail -n 40 "$(log_of "$1")"
  return 1
}

# log_count NAME REGEX: print how many lines of the log match.
log_count() { grep -cE -e "$2" "$(log_of "$1")" || true; }
