# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Harness of the packages' tests: the packages as ./dev package builds them, and clean roots of Debian to install them in.
# PACKAGES names a folder of packages that are built already.

bats_require_minimum_version 1.5.0

SOURCE=$(realpath "$BATS_TEST_DIRNAME/../..")
export ROOT_TOOL=$SOURCE/tests/packages/root
# What the packages depend on, and what their faces belong to.
BASE=(adduser collectd-core iproute2 libjansson4 libseccomp2 procps snmp snmpd systemd)
# shellcheck disable=SC2034 # the tests use it
ALL=(owamp-responder monitoring-plugins-owamp collectd-plugin-owamp owamp-agentx owamp-plugins-doc)

# packages_up: build the packages and the base root once; ROOT_REASON says why there is none.
packages_up() {
  export BASE_TAR=$SOURCE/build/root.tar PACKAGES=${PACKAGES:-} ROOT_REASON=
  ROOT_REASON=$(can_make_root) || return 0
  ROOT_REASON=
  if [[ -z $PACKAGES ]]; then
    PACKAGES=$BATS_FILE_TMPDIR/packages
    DEB_BUILD_OPTIONS=nocheck "$SOURCE/packaging/build" "$PACKAGES" >"$BATS_FILE_TMPDIR/build.log" 2>&1 ||
      { tail -n 40 "$BATS_FILE_TMPDIR/build.log" && return 1; }
  fi
}

# can_make_root: print why not, if not.
can_make_root() {
  local reason
  reason=$(unshare --net --mount --pid --fork true 2>&1) || { echo "no namespaces: $reason" && return 1; }
  command -v mmdebstrap dpkg-buildpackage dh >/dev/null || { echo "needs mmdebstrap and debhelper" && return 1; }
  mkdir -p "$SOURCE/build"
  reason=$("$ROOT_TOOL" make "$SOURCE/build/root.tar" "${BASE[@]}" 2>&1) || { echo "no root: ${reason##*$'\n'}" && return 1; }
}

setup() {
  [[ -z ${ROOT_REASON:-} ]] || skip "$ROOT_REASON"
  ROOT=$BATS_TEST_TMPDIR/root
}

teardown() { rm -rf "${BATS_TEST_TMPDIR:?}/root"; }

# another_base NAME PACKAGE...: make a further base root; sets BASE_TAR.
another_base() {
  BASE_TAR=$SOURCE/build/root-$1.tar
  "$ROOT_TOOL" make "$BASE_TAR" "${@:2}"
}

# new_root: a fresh one, with the packages in /packages and their tests in /tests.
new_root() {
  rm -rf "$ROOT"
  "$ROOT_TOOL" unpack "$BASE_TAR" "$ROOT"
  cp -r "$PACKAGES" "$ROOT/packages"
  cp -r "$SOURCE/debian/tests" "$ROOT/tests"
}

# in_root COMMAND...
in_root() { "$ROOT_TOOL" run "$ROOT" "$@"; }

# files_of NAME...: the packages' files, as seen in the root.
files_of() {
  local name
  for name in "$@"; do (cd "$PACKAGES" && compgen -G "${name}_*.deb" | sed 's,^,/packages/,'); done
}

# install NAME...: with dpkg, so that nothing comes along.
install() {
  local files
  mapfile -t files < <(files_of "$@")
  in_root dpkg --install "${files[@]}"
}

# inventory: every path in the root, but for what dpkg, passwd(5) and snmpd keep books in, and our own.
inventory() {
  (cd "$ROOT" && find . -xdev \( -path ./packages -o -path ./tests -o -path ./proc -o -path ./tmp -o -path ./var/log \
    -o -path ./var/lib/dpkg -o -path ./var/cache -o -path ./var/lib/apt -o -path ./var/agentx \
    -o -path ./var/lib/snmp/snmpd.conf -o -path ./var/lib/snmp/cert_indexes \) -prune -o -print | grep -vE '^\./etc/(passwd|group|g?shadow|sub[ug]id)-$|^\./etc/\.pwd\.lock$' | sort)
}
