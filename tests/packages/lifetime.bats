#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Each package for itself with what it depends on, upgrades, and the programs that the packages bring configuration to.
# shellcheck disable=SC2016 # what is in single quotes is for the root's shell
load helper

setup_file() { packages_up; }

# alone NAME COMMAND...: install it in a minimal root by apt-get, run the command, remove and purge it.
alone() {
  local name=$1 file
  shift
  another_base minimal
  new_root
  cp /etc/resolv.conf "$ROOT/etc/resolv.conf"
  file=$(files_of "$name")
  "$ROOT_TOOL" run --net "$ROOT" bash -ec '
    apt-get -qq update
    apt-get -qq --yes --no-install-recommends install "$1" >/dev/null
    [[ $(ps -eo comm= | grep -c owamp) == 0 ]] || { echo "something was started:" && ps -ef && exit 1; }' _ "$file"
  in_root "$@"
  in_root dpkg --purge "$name"
  [[ $(inventory | grep owamp) == '' ]]
}

@test "alone: owamp-responder" { alone owamp-responder owamp-responder --check; }

@test "alone: monitoring-plugins-owamp" {
  alone monitoring-plugins-owamp bash -c '/usr/lib/nagios/plugins/check_owamp --version | grep -q "^check_owamp [0-9]"'
}

@test "alone: collectd-plugin-owamp" {
  alone collectd-plugin-owamp bash -ec 'printf "LoadPlugin owamp\n<Plugin owamp>\n <Peer p>\n Host localhost\n </Peer>\n</Plugin>\n" >/tmp/conf
    collectd -t -C /tmp/conf 2>&1 | tee /tmp/log; ! grep -i "refused\|fail" /tmp/log'
}

@test "alone: owamp-agentx" { alone owamp-agentx owamp-agentx --check; }

@test "alone: owamp-plugins-doc" { alone owamp-plugins-doc test -s /usr/share/doc/owamp-plugins/examples/collectd/graph.sh; }

@test "an upgrade keeps what was configured and enabled, and leaves what a new installation has" {
  local new=$PACKAGES fresh upgraded
  new_root
  install "${ALL[@]}"
  rm -rf "$ROOT/var/lib/systemd/deb-systemd-helper-enabled"
  fresh=$(inventory)
  PACKAGES=$BATS_TEST_TMPDIR/old
  DEB_BUILD_OPTIONS=nocheck "$SOURCE/packaging/build" "$PACKAGES" 0.0.1~before >"$BATS_TEST_TMPDIR/log" 2>&1
  new_root
  install "${ALL[@]}"
  echo 'maxcontrolsessions 7' >>"$ROOT/etc/owamp-responder/owamp-server.conf"
  in_root systemctl enable owamp-responder.service owamp-agentx.service
  in_root systemctl disable owamp-agentx.service
  rm -rf "$ROOT/packages"
  PACKAGES=$new
  cp -r "$PACKAGES" "$ROOT/packages"
  install "${ALL[@]}"
  grep -qx 'maxcontrolsessions 7' "$ROOT/etc/owamp-responder/owamp-server.conf"
  [[ $(find "$ROOT/etc/systemd" -name 'owamp*' -printf '%f\n') == owamp-responder.service ]]
  [[ $(in_root dpkg-query -W -f '${Version}\n' "${ALL[@]}" | sort -u) == "$(dpkg-parsechangelog -l "$SOURCE/debian/changelog" -S Version)" ]]
  in_root systemctl disable owamp-responder.service
  # What systemctl keeps of what was once enabled.
  rm -rf "$ROOT/var/lib/systemd/deb-systemd-helper-enabled"
  upgraded=$(inventory)
  diff <(echo "$fresh") <(echo "$upgraded")
}

@test "owampd's package and ours are not installed side by side" {
  new_root
  in_root bash -ec 'mkdir -p /tmp/o/DEBIAN && printf "Package: owamp-server\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x.invalid>\nDescription: x\n" >/tmp/o/DEBIAN/control &&
    dpkg-deb -b /tmp/o /tmp/o.deb && dpkg --install /tmp/o.deb'
  run install owamp-responder
  [[ $status != 0 && $output == *'conflicts with owamp-server'* ]]
}

@test "Nagios, Icinga, ufw and firewalld know what the packages bring" {
  another_base schedulers "${BASE[@]}" nagios4-core nagios4-common icinga2-bin icinga2-common ufw firewalld monitoring-plugins-basic
  new_root
  install "${ALL[@]}"
  in_root nagios4 -v /etc/nagios4/nagios.cfg
  # A service by the example, as it stands.
  cp "$ROOT/usr/share/doc/owamp-plugins/examples/nagios/owamp.cfg" "$ROOT/etc/nagios4/conf.d"
  in_root nagios4 -v /etc/nagios4/nagios.cfg
  cp "$ROOT/usr/share/doc/owamp-plugins/examples/icinga/owamp.conf" "$ROOT/etc/icinga2/conf.d"
  # Its services would be faults if nobody defined the command, or somebody else did as well.
  in_root bash -ec 'mkdir -p /run/icinga2/cmd && chown -R nagios:nagios /run/icinga2
    icinga2 daemon --validate'
  [[ $(in_root id -nG nagios) == *owamp* ]]
  in_root ufw app info OWAMP | grep -q '861/udp'
  in_root firewall-offline-cmd --info-service=owamp-responder | grep -q '861/tcp'
  in_root firewall-offline-cmd --info-service=owamp-responder-twamp | grep -q '862/udp'
}

@test "the demo runs from the installed files" {
  another_base demo "${BASE[@]}" jq rrdtool fonts-dejavu-core
  new_root
  install "${ALL[@]}"
  mkdir -p "$ROOT"/source/{build,docs,tests}
  cp "$SOURCE/dev" "$ROOT/source"
  cp -r "$SOURCE/tests/demo" "$ROOT/source/tests"
  cp -r "$SOURCE/docs/examples" "$ROOT/source/docs"
  in_root /source/dev demo installed
  [[ $(head -c 4 "$ROOT/source/build/demo.png" | od -An -tx1) == ' 89 50 4e 47' ]]
}
