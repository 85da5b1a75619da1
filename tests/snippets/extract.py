#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Take every snippet out of README.md, docs/*.md, docs/man and docs/examples, so that it can be run.

  extract.py FOLDER    writes FOLDER/index, a line "number TAB file TAB first line" for each snippet,
                       FOLDER/NUMBER.text, and, if it is a shell's, what is to be run of it in FOLDER/NUMBER.commands:
                       command, documented output, command ..., each ended by a NUL

A snippet is a fenced block of Markdown, a .Bd -literal or a run of .Dl of mdoc, a whole file of docs/examples,
and a command line within a sentence: `...`, .Ql or .Li that begins with a program's name and goes on. Where two of a
file begin alike, the later one's first line has " (2)" behind it.
"""

import pathlib
import re
import subprocess
import sys

PROGRAMS = r"check_owamp|owamp-responder|owamp-agentx|collectd|snmp[a-z]+|icinga2|nagios4|systemctl|cmake|owping"
COMMAND = re.compile(rf"(\$ |# )?({PROGRAMS}) +\S")
MDOC_ESCAPES = {r"\e": "\\", r"\(dq": '"', r"\&": "", r"\-": "-", r"\(mc": "\u00b5", r"\(aq": "'"}


def markdown(text):
    parts = re.split(r"^```[^\n]*\n(.*?)^```\n", text, flags=re.M | re.S)
    for number, part in enumerate(parts):
        if number % 2:
            yield part
        else:
            yield from (code for code in re.findall(r"`([^`]+)`", part.replace("\n", " ")) if COMMAND.match(code))


def unescaped(text):
    return re.sub(r"\\(\(..|.)", lambda found: MDOC_ESCAPES[found.group()], text)


def mdoc(text):
    """Blocks in the order of their beginnings; a macro's trailing punctuation isn't the command's."""
    block, lines = None, []
    for line in text.splitlines() + [".Pp"]:
        if block == ".Bd" and line != ".Ed":
            lines.append(unescaped(line) + "\n")
            continue
        if block == ".Dl" and not line.startswith(".Dl "):
            block = None
            yield "".join(lines)
        if line.startswith(".Bd -literal"):
            block, lines = ".Bd", []
        elif line == ".Ed":
            block = None
            yield "".join(lines)
        elif line.startswith(".Dl "):
            lines = (lines if block else []) + [unescaped(line[4:]) + "\n"]
            block = ".Dl"
        elif line.startswith((".Ql ", ".Li ")):
            code = re.sub(r"( [.,;:)])+$", "", unescaped(line[4:]))
            if COMMAND.match(code):
                yield code


def is_whole(command):
    here = re.search(r"<<-?\s*'?(\w+)'?", command)
    if command.endswith("\\\n") or (here and not re.search(rf"^{here.group(1)}$", command, flags=re.M)):
        return False
    return subprocess.run(["bash", "-n", "-c", command], stderr=subprocess.DEVNULL, check=False).returncode == 0


def commands(text):
    """Pairs of a command and the output that is shown below it; with prompts if the first line has one."""
    lines = text.splitlines(keepends=True)
    prompted = re.match(r"[$#] ", text)
    while lines:
        command, output = lines.pop(0), ""
        if prompted:
            command = command[2:]
        while lines and not is_whole(command):
            command += lines.pop(0)
        while prompted and lines and not re.match(r"[$#] ", lines[0]):
            output += lines.pop(0)
        if command.strip() and not re.match(r"\s*#", command):
            yield command, output


def snippets(root):
    for path in [root / "README.md", *sorted(root.glob("docs/*.md"))]:
        yield from ((path, text) for text in markdown(path.read_text()))
    for path in sorted(root.glob("docs/man/*.[0-9]")):
        yield from ((path, text) for text in mdoc(path.read_text()))
    for path in sorted(root.glob("docs/examples/**/*")):
        if path.is_file():
            yield path, path.name


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    folder = pathlib.Path(sys.argv[1])
    seen, index = {}, []
    for number, (path, text) in enumerate(snippets(root)):
        name = str(path.relative_to(root))
        first = text.splitlines()[0].rstrip()
        times = seen[name, first] = seen.get((name, first), 0) + 1
        index.append(f"{number}\t{name}\t{first if times == 1 else f'{first} ({times})'}\n")
        if "docs/examples" not in name:
            (folder / f"{number}.text").write_text(text)
            (folder / f"{number}.commands").write_text("".join(f"{c}\0{o}\0" for c, o in commands(text)))
    (folder / "index").write_text("".join(index))


main()
