# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What a scenario has at hand: it walks through documents on a host of its own (tests/snippets/sandbox), runs their
# snippets as somebody would who pastes them, and looks at what becomes of it. A scenario is a script that sources this;
# RESULTS is the folder that tests/system/snippets.bats reads, with the snippets in RESULTS/snippets.
set -euo pipefail
shopt -s lastpipe # a function at the end of a pipe sets variables
ROOT=$PWD
SNIPPETS=$RESULTS/snippets
WORK=$(mktemp -d)
RUNS=0
export LC_ALL=C PATH=/usr/lib/nagios/plugins:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

mapfile -t INDEX <"$SNIPPETS/index"

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# number FILE BEGINNING: print the number of the one snippet of the file whose first line begins so, and note its use.
number() {
  local line file first found=()
  for line in "${INDEX[@]}"; do
    IFS=$'\t' read -r line file first <<<"$line"
    [[ $file != "$1" || $first != "$2"* ]] || found+=("$line")
  done
  ((${#found[@]} == 1)) || fail "$1 has ${#found[@]} snippets that begin with '$2'"
  echo "${found[0]}" >>"$RESULTS/used"
  echo "${found[0]}"
}

# text FILE BEGINNING: print a snippet, as what is put into a file.
text() {
  local n
  n=$(number "$@") || exit 1
  cat "$SNIPPETS/$n.text"
}

# example PATH: print where a file of docs/examples is.
example() {
  number "docs/examples/$1" '' >/dev/null || exit 1
  echo "$ROOT/docs/examples/$1"
}

# await COMMAND...: try it until it succeeds; the end if it doesn't in time that is enough for a busy machine.
await() {
  local end=$((SECONDS + 40))
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || fail "never true: $*"
    read -rt 0.1 <> <(:) || true
  done
}

# shape: what of a line is the same in every run.
shape() { sed -E 's/-g[0-9a-f]{6,}//; s/-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)?/0/g; s/(true|false)\(0\)/bool(0)/; s/[[:space:]]+/ /g; s/ $//'; }

# tells FILE LINE: the file has a line of this line's shape.
tells() { shape <"$1" | grep -qxF -e "$(shape <<<"$2")"; }

# as_shown COMMAND SHOWN: what the document shows below a command is in OUTPUT, line by line; of a table only the first
# line, for its columns are as wide as the values.
as_shown() {
  local line lines
  [[ $1 != check_* ]] || return 0 # other tests hold a check's words
  mapfile -t lines <<<"$2"
  [[ $1 != snmptable* ]] || lines=("${lines[0]}")
  for line in "${lines[@]}"; do
    [[ -z $line ]] || tells "$OUTPUT" "$line" || { echo "no line of this shape: $line" && return 1; }
  done
}

# again COMMAND SHOWN: run it once more; true if it now prints what is shown.
again() { eval "$1" >"$OUTPUT" 2>&1 </dev/null && as_shown "$@"; }

# run COMMAND SHOWN STATUS: in this shell, as pasted. What goes into the background has said something before it goes
# on; what only asks is asked again until the answer is there that the document shows.
run() {
  local status=0
  OUTPUT=$WORK/$((++RUNS))
  printf '$ %s\n' "${1%$'\n'}"
  eval "$1" >"$OUTPUT" 2>&1 </dev/null || status=$?
  ((status == $3)) || fail "exit status $status, not $3:"$'\n'"$(cat "$OUTPUT")"
  case $1 in
    snmpwalk* | snmpget* | *socat*) as_shown "$1" "$2" >/dev/null || ((status)) || await again "$1" "$2" ;;
    *"&"$'\n') await test -s "$OUTPUT" && await as_shown "$1" "$2" ;;
  esac
  sed 's/^/    /' "$OUTPUT"
  as_shown "$1" "$2" || fail "not what the document shows"
}

# paste FILE BEGINNING [STATUS...]: run a snippet's commands one after the other; each ends with its STATUS (0). OUTPUT is
# the last one's.
paste() {
  local n i parts
  n=$(number "$1" "$2") || exit 1
  shift 2
  mapfile -d '' -t parts <"$SNIPPETS/$n.commands"
  ((${#parts[@]})) || fail "no command in it"
  for ((i = 0; i < ${#parts[@]}; i += 2)); do
    run "${parts[i]}" "${parts[i + 1]}" "${1:-0}"
    (($# == 0)) || shift
  done
}

# stays FILE BEGINNING REGEX: run a snippet that doesn't come back, up to the line of OUTPUT that matches.
stays() {
  local n parts
  n=$(number "$1" "$2") || exit 1
  mapfile -d '' -t parts <"$SNIPPETS/$n.commands"
  OUTPUT=$WORK/$((++RUNS))
  echo "\$ ${parts[0]}"
  eval "${parts[0]%$'\n'} &" >"$OUTPUT" 2>&1 </dev/null
  await grep -qE -e "$3" "$OUTPUT"
}

# in_output REGEX...: the last command's output has lines like these.
in_output() {
  local regex
  for regex in "$@"; do
    grep -qE -e "$regex" "$OUTPUT" || fail "no line like '$regex' in:"$'\n'"$(cat "$OUTPUT")"
  done
}

# end PID: stop a process and wait for its end.
end() {
  kill "$1"
  timeout 10 tail -s 0.02 --pid="$1" -f /dev/null || fail "process $1 goes on"
}

# start_reflector ADDRESS: one that answers STAMP on port 862, as routers do.
start_reflector() {
  python3 "$ROOT/tests/system/stamp_reflector.py" "$1" port=862 >"$WORK/reflector-$1" 2>&1 </dev/null &
  await grep -q listening "$WORK/reflector-$1"
}

# start_twamp_server ADDRESS: one on port 862, beside a reflector that answers there.
start_twamp_server() {
  local conf=$WORK/twamp-$1
  mkdir "$conf"
  printf 'srcnode %s:8861\ntwampnode %s:862\nreflectport 8862\nvardir %s\n' "$1" "$1" "$conf" >"$conf/owamp-server.conf"
  owamp-responder -f -c "$conf" >"$WORK/twamp-server-$1" 2>&1 </dev/null &
  await grep -q listening "$WORK/twamp-server-$1"
}

# start_collectd NAME: collectd with the rest of its configuration from standard input; its log is WORK/NAME, its process
# COLLECTD, its values are in /tmp/NAME/csv. Nothing in it may be refused.
start_collectd() {
  {
    printf 'Hostname "host"\nFQDNLookup false\n'
    printf 'LoadPlugin logfile\n<Plugin logfile>\n  LogLevel info\n  File stdout\n</Plugin>\n'
    printf 'LoadPlugin csv\n<Plugin csv>\n  DataDir "/tmp/%s/csv"\n</Plugin>\n' "$1"
    cat
  } >"/tmp/$1.conf"
  stdbuf -oL collectd -f -C "/tmp/$1.conf" >"$WORK/$1" 2>&1 </dev/null &
  export COLLECTD=$!
  await grep -q 'Initialization complete' "$WORK/$1"
  ! grep -iE 'refused:|error|unable|cannot' "$WORK/$1" || fail "collectd complains"
}

# as USER COMMAND...: as a daemon of that user would run it, in the user's own groups.
as() { runuser -u "$1" -- "${@:2}"; }
