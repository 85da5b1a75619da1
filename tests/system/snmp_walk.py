#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Hold what SNMP tells of OWAMP-MIB to a table of expected rows, and to the query socket.

snmp_walk.py order    < WALK          numbers rise as SNMP orders them; exit status 1 if not
snmp_walk.py value OID < WALK         the value at an OID below owampObjects, without its type
snmp_walk.py index OWNER NAME [DIRECTION]    an index as sub-identifiers
snmp_walk.py results SOCKET NAME < WALK      the result rows of NAME are the JSON of the same interval, and the
                                             totals those of the stream if no interval ended meanwhile
WALK is the output of snmpwalk -On.
"""
import json
import re
import socket
import sys

ROOT = ".1.3.6.1.4.1.8072.9999.9999.861.1."
NUMBER, COMPLETENESS, SENT = 2, 8, 9
# column: the member of the JSON, and what a microsecond, or nothing, is in it
COLUMNS = {9: ("sent", 1), 10: ("received", 1), 11: ("lost", 1), 13: ("skipped", 1), 14: ("longest_loss_run", 1),
           15: ("duplicates", 1), 16: ("reordered", 1), 17: ("discarded", 1), 18: ("delay.min", 1e6),
           19: ("delay.mean", 1e6), 20: ("delay.median", 1e6), 21: ("delay.p95", 1e6), 22: ("delay.p99", 1e6),
           23: ("delay.max", 1e6), 24: ("jitter", 1e6), 25: ("ipdv", 1e6), 26: ("pdv", 1e6), 27: ("hops.min", 1),
           28: ("hops.max", 1), 35: ("dwell.min", 1e6), 36: ("dwell.mean", 1e6), 37: ("dwell.median", 1e6),
           38: ("dwell.p95", 1e6), 39: ("dwell.p99", 1e6), 40: ("dwell.max", 1e6)}
TOTALS = {2: "sent", 3: "received", 4: "lost", 5: "skipped", 6: "duplicates", 7: "reordered", 8: "discarded",
          9: "loss_unknown"}


def read_walk(lines):
    rows = []
    for line in lines:
        match = re.match(r"(\.[0-9.]+) = (.*)$", line)
        if match:
            rows.append((match.group(1), match.group(2)))
        elif rows and line.strip():
            rows[-1] = (rows[-1][0], rows[-1][1] + line.rstrip("\n"))
    return rows


def plain(text):
    return text.split(": ", 1)[1].strip('"') if ": " in text else text.strip('"')


def numbers(oid):
    return [int(part) for part in oid.strip(".").split(".")]


def index(owner, name, *rest):
    parts = []
    for text in (owner, name):
        parts += [len(text)] + [ord(letter) for letter in text]
    return ".".join(map(str, parts + [int(number) for number in rest]))


def ask(path, name, count):
    with socket.socket(socket.AF_UNIX) as one:
        one.settimeout(5)
        one.connect(path)
        one.sendall(f"get {name} {count}\n".encode())
        return json.loads(one.makefile().readline())


def member(result, path):
    if path == "received" and result.get("loss_unknown"):
        return None
    for part in path.split("."):
        result = None if result is None else result.get(part)
    return result


def compare(walk, answer, name):
    compared = 0
    for direction, words in enumerate(("forward", "reverse", "round-trip"), 1):
        if words == "round-trip" and answer["stream"]["protocol"] == "owamp":
            assert not any(oid.startswith(f"{ROOT}3.") and oid.endswith(f".{index('', name, 3)}") for oid in walk)
            continue
        at = lambda column: walk.get(f"{ROOT}3.1.{column}.{index('', name, direction)}")
        number = int(plain(at(NUMBER)))
        interval = next(one for one in answer["intervals"] if one["number"] == number)
        result = next(one for one in interval["results"] if one["direction"] == words)
        for column, (path, scale) in COLUMNS.items():
            expected = member(result, path)
            told = at(column)
            if expected is None:
                assert told is None, f"{words} {path}: absent, but SNMP says {told}"
            else:
                assert told is not None, f"{words} {path}: {expected}, but SNMP says nothing"
                assert abs(int(plain(told)) - expected * scale) <= 0.5001, f"{words} {path}: {told}, {expected}"
                compared += 1
    return compared + compare_totals(walk, answer["stream"], name)


def compare_totals(walk, stream, name):
    if int(plain(walk[f"{ROOT}2.1.30.{index('', name)}"])) != stream["intervals"]:
        return 0
    for totals in stream["totals"]:
        direction = ("forward", "reverse", "round-trip").index(totals["direction"]) + 1
        for column, words in TOTALS.items():
            told = walk.get(f"{ROOT}5.1.{column}.{index('', name, direction)}")
            expected = totals.get(words, 0 if words == "loss_unknown" else None)
            assert (None if told is None else int(plain(told))) == expected, f"totals {words}: {told}, {expected}"
    return 1


def main(words):
    if words[0] == "index":
        print(index(*words[1:]))
        return 0
    rows = read_walk(sys.stdin)
    if words[0] == "order":
        names = [numbers(oid) for oid, _ in rows]
        wrong = [i for i in range(1, len(names)) if names[i - 1] >= names[i]]
        print(f"{len(rows)} rows, {len(wrong)} out of order")
        return 1 if wrong or not rows else 0
    walk = dict(rows)
    if words[0] == "value":
        told = walk.get(ROOT + words[1])
        print("absent" if told is None else plain(told))
        return 0
    compared = compare(walk, ask(words[1], words[2], 8), words[2])
    print(f"{compared} numbers are the same")
    return 0 if compared >= 20 else 1


sys.exit(main(sys.argv[1:]))
