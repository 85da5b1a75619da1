#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The manual pages, whichever there are: how both renderers show them, what they refer to, and the programs' options.
load helper

setup() { # needs no network
  cd "$BATS_TEST_DIRNAME/../../docs/man" || return
  mapfile -t pages < <(compgen -G '*.[0-9]')
  ((${#pages[@]} >= 7))
}

# shown_by_man PAGE, shown_by_mandoc PAGE: print it as plain text.
shown_by_man() { MANWIDTH=80 man -l "./$1" | col -bx; }
shown_by_mandoc() { mandoc -O width=78 "$1" 2>/dev/null | col -bx; }

# references: print the pages that standard input, mdoc, refers to, as names of files.
references() { awk '$1 == ".Xr" { print $2 "." $3 }' | sort -u; }

# see_also PAGE: print what stands in its SEE ALSO.
see_also() { sed -n '/^\.Sh SEE ALSO/,/^\.Sh [^S]/p' "$1" | references; }

# ours: print those lines of standard input that are pages of this project.
ours() { grep -Fx -f <(printf '%s\n' "${pages[@]}"); }

@test "both renderers say whose manual it is, and nothing of BSD" {
  for page in "${pages[@]}"; do
    for renderer in man mandoc; do
      shown=$("shown_by_$renderer" "$page")
      echo "$renderer: $(head -n 1 <<<"$shown") / $(tail -n 1 <<<"$shown")"
      [[ $(head -n 1 <<<"$shown") =~ ^([A-Z_.-]+\([58]\))\ +(File\ Formats|System\ Manager\'s)\ Manual\ +[A-Z_.-]+\([58]\)$ ]]
      [[ ${BASH_REMATCH[1]} == "$(tr '[:lower:]' '[:upper:]' <<<"${page%.*}")(${page##*.})" ]]
      [[ $(tail -n 1 <<<"$shown") =~ ^owamp-plugins\ +[A-Z][a-z]+\ [0-9]+,\ 20[0-9]+\ +owamp-plugins$ ]]
    done
  done
}

@test "brackets hold what can be left out, and quotation marks stay" {
  local grammars=0
  for page in "${pages[@]}"; do
    for renderer in man mandoc; do
      # A line's end may stand within, and a hyphen there.
      shown=$("shown_by_$renderer" "$page" | tr -s ' \n' ' ')
      run ! grep -oE '.{20}@direction=.{20}' <<<"$shown"
      grammars=$((grammars + $(grep -oF 'metric[@direction]=range' <<<"$shown" | wc -l)))
    done
    # An unescaped one is the macro's own.
    run ! grep -nE '^\.(Ql|Li|Dl|Qq|Pa|Cm).*"' "$page"
  done
  ((grammars == 6)) # check_owamp(8), collectd-owamp(5) and owamp-agentx.conf(5), in two renderers
  shown_by_man owamp-server.conf.5 | grep -F 'assign net address[/bits] class'
}

@test "mandoc finds nothing but long lines, and pages that aren't installed yet" {
  run --separate-stderr mandoc -T lint -W style "${pages[@]}" # stderr: its index may be old
  [[ $output == *': STYLE: input text line longer than 80 bytes'* ]]
  run ! grep -vE 'STYLE: (input text line longer than 80 bytes|referenced manual not found)' <<<"$output"
}

@test "SEE ALSO names every page of ours that is referred to, there are no others, and it is mutual" {
  for page in "${pages[@]}"; do
    for other in $(references <"$page" | grep -E '^(check_)?owamp|-owamp\.'); do
      echo "$page refers to $other"
      [[ -e $other && $other != "$page" ]]
      see_also "$page" | grep -Fx "$other"
    done
    # So whoever names another is named by it.
    mapfile -t others < <(see_also "$page" | ours)
    ((${#others[@]} > 0))
    for other in "${others[@]}"; do
      echo "$other is to name $page too"
      see_also "$other" | grep -Fx "$page"
    done
  done
}

# options_of_help PROGRAM: print the options that its help has, without dashes.
options_of_help() {
  "$1" --help | sed -nE 's/^ +(-.*)/\1/p' | sed -E 's/  .*//' | grep -oE '(^|[ ,])--?[A-Za-z0-9][a-z0-9-]*' |
    sed -E 's/^[ ,]*--?//' | sort -u
}

# options_of_page PAGE: the same of its lists.
options_of_page() {
  sed -nE 's/^\.It Fl //p' "$1" | tr ' ' '\n' | grep -E '^(-[a-z0-9-]+|[A-Za-z0-9])$' | sed 's/^-//' | sort -u
}

@test "each option of a program stands in its page, and the other way round" {
  local program programs=0
  for page in *.8; do
    for program in "$OWAMP_BUILD"/{core,plugins/*}/"${page%.8}"; do
      [[ -x $program ]] || continue
      programs=$((programs + 1))
      echo "$program: $(options_of_help "$program" | wc -l) options"
      (($(options_of_help "$program" | wc -l) > 8))
      diff <(options_of_help "$program") <(options_of_page "$page")
    done
  done
  ((programs == $(compgen -G '*.8' | wc -l)))
}
