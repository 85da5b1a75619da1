#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Draw a peer's delay, jitter and loss in both directions from the RRD files that collectd writes.
#   graph.sh FOLDER OUT.png [BEGIN [END]]
# FOLDER is the peer's, e.g. /var/lib/collectd/rrd/myhost/owamp-frankfurt; BEGIN and END as rrdtool(1) takes them
# (-1h and now by default). WIDTH, HEIGHT and TITLE may be set in the environment.
set -euo pipefail
folder=${1:?usage: graph.sh FOLDER OUT.png [BEGIN [END]]}
out=${2:?usage: graph.sh FOLDER OUT.png [BEGIN [END]]}
begin=${3:--1h}
end=${4:-now}
peer=${folder%/}
peer=${peer##*/owamp-}

forward=1769aa reverse=e8820c lost=d62728
arguments=()

# value NAME FILE: the values of FILE.rrd as NAME.
value() { arguments+=("DEF:$1=$folder/$2.rrd:value:AVERAGE"); }

# milliseconds NAME FILE: the same, for seconds.
milliseconds() {
  value "$1_s" "$2"
  arguments+=("CDEF:$1=$1_s,1000,*")
}

# direction NAME LETTER COLOUR: a band from min to p95, the median in it, the jitter dashed.
direction() {
  local name=$1 letter=$2 colour=$3
  [[ -e $folder/delay-$name-median.rrd ]] || return 0
  milliseconds "${letter}_low" "delay-$name-min"
  milliseconds "${letter}_mid" "delay-$name-median"
  milliseconds "${letter}_high" "delay-$name-p95"
  milliseconds "${letter}_jitter" "delay-$name-jitter"
  value "${letter}_loss" "percent-$name-loss"
  arguments+=(
    "CDEF:${letter}_band=${letter}_high,${letter}_low,-"
    "AREA:${letter}_low"
    "AREA:${letter}_band#${colour}50::STACK"
    "LINE2:${letter}_mid#${colour}:$(printf '%-9s' "$name")"
    "LINE1:${letter}_jitter#${colour}C0::dashes=4,3"
    "VDEF:${letter}_mid_now=${letter}_mid,LAST"
    "VDEF:${letter}_low_all=${letter}_low,MINIMUM"
    "VDEF:${letter}_high_all=${letter}_high,MAXIMUM"
    "VDEF:${letter}_jitter_all=${letter}_jitter,AVERAGE"
    "VDEF:${letter}_loss_all=${letter}_loss,AVERAGE"
    "GPRINT:${letter}_mid_now:%9.3lf ms"
    "GPRINT:${letter}_low_all:%9.3lf ms"
    "GPRINT:${letter}_high_all:%9.3lf ms"
    "GPRINT:${letter}_jitter_all:%9.3lf ms"
    "GPRINT:${letter}_loss_all:%9.2lf %%\\l"
  )
}

# losses NAME LETTER COLOUR HEIGHT: a mark wherever something was lost, from the bottom (or, negative, from the top).
losses() {
  [[ -e $folder/delay-$1-median.rrd ]] || return 0
  arguments+=("CDEF:$2_lost=$2_loss,0,GT,$2_loss,UNKN,IF" "TICK:$2_lost#$3:$4:  loss $1  ")
}

arguments+=('COMMENT:           ' "COMMENT:  median now" "COMMENT:       least" "COMMENT: highest p95" "COMMENT: mean jitter"
  "COMMENT:   mean loss\l")
direction forward f "$forward"
direction reverse r "$reverse"
losses forward f "${lost}B0" 0.05
losses reverse r "${lost}70" -0.05
arguments+=('COMMENT:   band\: min to p95   line\: median   dashed\: jitter\l')

rrdtool graph "$out" --imgformat PNG --start "$begin" --end "$end" \
  --width "${WIDTH:-860}" --height "${HEIGHT:-300}" --title "${TITLE:-One-way delay to $peer}" \
  --vertical-label milliseconds --units-exponent 0 --alt-autoscale-max --lower-limit 0 --slope-mode --border 0 \
  --color BACK#FFFFFF --color CANVAS#FAFBFC --color GRID#00000012 --color MGRID#00000020 --color FONT#333333 \
  --color ARROW#FFFFFF00 --color AXIS#888888 --color FRAME#888888 \
  --font 'DEFAULT:9:DejaVu Sans Mono' --font 'TITLE:12:DejaVu Sans' --font 'AXIS:8:DejaVu Sans' \
  --disable-rrdtool-tag "${arguments[@]}" >/dev/null
