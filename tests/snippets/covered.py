#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Hold that each snippet was run, or that tests/snippets/not-run says why it wasn't.

  covered.py RESULTS    RESULTS/snippets/index and RESULTS/used, as extract.py and the scenarios wrote them

Prints what is wrong, and exits with 1 then: a snippet that nobody runs, one that is listed though it is run, a line
without a reason, or for a snippet that isn't there (any more).
"""

import pathlib
import sys


def numbers_of(index, file, begin):
    exact = [number for number, name, first in index if name == file and first == begin]
    return exact or [number for number, name, first in index if name == file and first.startswith(begin)]


def main():
    results = pathlib.Path(sys.argv[1])
    index = [line.split("\t") for line in (results / "snippets/index").read_text().splitlines()]
    used = set((results / "used").read_text().split())
    listed, faults = set(), []
    for line in pathlib.Path(__file__).with_name("not-run").read_text().splitlines():
        if line.startswith("#"):
            continue
        file, begin, *reason = line.split("\t")
        found = numbers_of(index, file, begin)
        if len(found) != 1:
            faults.append(f"not-run: {file} has {len(found)} snippets that begin so: {begin}")
        if reason in ([], [""]):
            faults.append(f"not-run: no reason: {file}: {begin}")
        if used.intersection(found):
            faults.append(f"not-run: it is run: {file}: {begin}")
        listed.update(found)
    faults += [f"nobody runs it: {file}: {first}" for n, file, first in index if n not in used | listed]
    print("\n".join(faults) or f"{len(used)} snippets run, {len(listed)} not, of {len(index)}")
    sys.exit(bool(faults))


main()
