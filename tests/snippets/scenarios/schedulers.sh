#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# docs/examples/nagios and docs/examples/icinga in Debian's own Nagios 4 and Icinga 2, with the object of docs/snmp.md.
# shellcheck source=../scenario.bash
source "$PWD/tests/snippets/scenario.bash"

owamp-responder
start_reflector 127.0.0.1
start_reflector 192.0.2.7
{
  printf 'LoadPlugin owamp\n<Plugin owamp>\n  QuerySocket "/run/owamp/query.sock"\n  QuerySocketGroup "nagios"\n'
  printf '  Interval 3.5\n  LossTimeout 0.5\n  PacketInterval 0.05\n'
  printf '  <Peer "%s">\n    Host "127.0.0.1"\n  </Peer>\n' frankfurt lisbon
  printf '</Plugin>\n'
} | start_collectd streams

# ---- Nagios ----

cp "$(example nagios/commands.cfg)" "$(example nagios/owamp.cfg)" /etc/nagios4/conf.d/
cat >/etc/nagios4/conf.d/more.cfg <<'END'
define service {
  use                  owamp-service
  host_name            localhost
  service_description  stream
  check_command        check_owamp_stream!20ms,1%!50ms,5%!frankfurt
}
define service {
  use                  owamp-service
  host_name            localhost
  service_description  options
  check_command        check_owamp_options!20ms,1%!50ms,5%!--count 5 --interval 10ms
}
define service {
  use                  owamp-service
  host_name            localhost
  service_description  reflector
  check_command        check_owamp_reflector!rtt_p95=20ms,rtt_loss=1%!rtt_p95=50ms,rtt_loss=5%
}
END
sed -i 's/^status_update_interval=.*/status_update_interval=1/; s/^check_result_reaper_frequency=.*/check_result_reaper_frequency=1/' \
  /etc/nagios4/nagios.cfg
run 'nagios4 -v /etc/nagios4/nagios.cfg' '' 0
in_output 'Total Warnings: 0' 'Total Errors: +0'
mkdir -p /run/nagios4 && chown nagios: /run/nagios4
nagios4 /etc/nagios4/nagios.cfg >"$WORK/nagios" 2>&1 </dev/null &

# ---- Icinga ----

(
  umask 022
  conf=/etc/icinga2/conf.d
  cp "$(example icinga/owamp-command.conf)" "$(example icinga/owamp.conf)" $conf
  {
    echo 'object Host "probe" { check_command = "dummy", address = "127.0.0.1" }'
    text docs/snmp.md 'object Service "owamp near forward p95"'
  } >$conf/snmp.conf
)
export ICINGA2_ERROR_LOG=/var/log/icinga2/error.log
/usr/lib/icinga2/prepare-dirs /usr/lib/icinga2/icinga2
icinga2 feature enable command >/dev/null
echo 'object PerfdataWriter "perfdata" { rotation_interval = 1s }' >/etc/icinga2/features-enabled/perfdata.conf
run 'icinga2 daemon -C' '' 0
icinga2 daemon >"$WORK/icinga" 2>&1 </dev/null &

# ---- their checks ----

# force FIFO HOST SERVICE: check it at once.
force() {
  local now
  now=$(date +%s)
  await test -p "$1"
  echo "[$now] SCHEDULE_FORCED_SVC_CHECK;$2;$3;$now" >"$1"
}
nagios_says() { awk -v RS='}' "/service_description=$1\n/" /var/lib/nagios4/status.dat | grep -P '^\tcurrent_state=0$' &&
  awk -v RS='}' "/service_description=$1\n/" /var/lib/nagios4/status.dat | grep -P '^\tplugin_output=(OWAMP|STAMP) OK'; }
icinga_says() { grep -hF "SERVICEDESC::$2" /var/spool/icinga2/perfdata/* /var/spool/icinga2/tmp/* | grep -F "HOSTNAME::$1" | grep -F 'SERVICESTATE::OK'; }
answers() { as nagios check_owamp --query /run/owamp/query.sock --name "$1" --last 5 --min-packets 20; }
await answers frankfurt
await answers lisbon
paste docs/man/check_owamp.8 'check_owamp --query /run/owamp/query.sock'

fifo=/var/lib/nagios4/rw/nagios.cmd
for service in 'One-way delay and loss' stream options reflector; do force $fifo localhost "$service"; done
fifo=/run/icinga2/cmd/icinga2.cmd
force $fifo owamp.example.net owamp
force $fifo router.example.net owamp
for stream in frankfurt lisbon; do force $fifo owamp-stream.example.net "owamp-stream-$stream"; done
for service in 'One-way delay and loss' stream options reflector; do await nagios_says "$service"; done
await icinga_says owamp.example.net owamp
await icinga_says router.example.net owamp
for stream in frankfurt lisbon; do await icinga_says owamp-stream.example.net "owamp-stream-$stream"; done

# The distributed set-up, as the master's.
echo 'const NodeName = "master.example.net"' >>/etc/icinga2/constants.conf
cp "$(example icinga/distributed/zones.conf)" /etc/icinga2/zones.conf
mkdir -p /etc/icinga2/zones.d/{global-templates,berlin}
mv /etc/icinga2/conf.d/owamp-command.conf /etc/icinga2/zones.d/global-templates
cp "$(example icinga/distributed/services.conf)" /etc/icinga2/zones.d/berlin
sed -i 's/^include_recursive "conf.d"/include "conf.d\/templates.conf"\ninclude "conf.d\/commands.conf"/' /etc/icinga2/icinga2.conf
run 'icinga2 daemon -C' '' 0
in_output 'Instantiated 1 Service\.'
