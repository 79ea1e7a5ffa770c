#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the commands of the documents and prints TAP: run.py [PAGE...], all pages unless named.

A page is run from its top to its end, in a sandbox of its own (sandbox.py), each command in a shell
in the top folder of the tree. `xdp-portscan run` stays in the background until the next one. Before
each command there is a scan. What is run otherwise, or not at all, stands in exceptions.toml."""

import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

import exceptions
import options
from page import Page, ROOT


def pages():
    yield from sorted(ROOT.glob("*.md"))
    yield from sorted((ROOT / "docs").glob("*.md"))
    yield ROOT / "pcaps/README.md"


def inside(path, listed):
    """A line of JSON for each item, and one of the exceptions that were used."""
    page = Page(path, listed)
    for item, why in page.run():
        first = item.text.splitlines()[0] if item.text else item.kind
        shown = first if item.kind in ("command", "synopsis") else f"{item.kind}: {first}"
        print(json.dumps({"line": item.line, "shown": shown, "why": why}), flush=True)
    print(json.dumps({"used": sorted(listed.used)}))


def run_page(path, exceptions_path):
    """What `inside` prints, from a sandbox of its own."""
    done = subprocess.run(
        ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
         sys.executable, "-B", __file__, "--exceptions", exceptions_path, "--inside", path],
        stdout=subprocess.PIPE, text=True)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0 or not lines or "used" not in lines[-1]:
        lines.append({"line": 0, "shown": "the page to its end", "why": f"status {done.returncode}"})
        return lines, []
    return lines[:-1], lines[-1]["used"]


def run_pages(paths, exceptions_path):
    """What run_page says of each, in their order. Two at a time, but of those that load a filter one:
    by the name of a map bpftool finds those of the whole machine."""
    alone = re.compile(r"\b(xdp-portscan (run|load)|bpftool)\b")
    lanes = ([], [])
    for path in paths:
        lanes[alone.search(path.read_text()) is None].append(path)
    with concurrent.futures.ThreadPoolExecutor(len(lanes)) as pool:
        done = [pool.submit(lambda lane: [run_page(path, exceptions_path) for path in lane], lane)
                for lane in lanes]
        said = {path: one for lane, future in zip(lanes, done)
                for path, one in zip(lane, future.result())}
    return [said[path] for path in paths]


def main():
    arguments = sys.argv[1:]
    exceptions_path = pathlib.Path(__file__).with_name("exceptions.toml")
    if arguments[:1] == ["--exceptions"]:
        exceptions_path, arguments = pathlib.Path(arguments[1]), arguments[2:]
    if arguments == ["--write-options"]:
        options.write()
        return 0
    listed = exceptions.Exceptions(exceptions_path)
    if arguments[:1] == ["--inside"]:
        inside(pathlib.Path(arguments[1]), listed)
        return 0
    chosen = [pathlib.Path(name).resolve() for name in arguments] or list(pages())
    number = failures = 0

    def point(shown, why):
        nonlocal number, failures
        number += 1
        failures += why is not None
        print(f"{'ok' if why is None else 'not ok'} {number} - {shown.replace('#', '')}", flush=True)
        for line in (why or "").splitlines():
            print(f"# {line}")

    print("TAP version 14")
    for path, (lines, used) in zip(chosen, run_pages(chosen, exceptions_path)):
        listed.used |= {tuple(entry) for entry in used}
        for line in lines:
            point(f"{os.path.relpath(path, ROOT)}:{line['line']}: {line['shown']}", line["why"])
    if not arguments:
        point("docs/options.md has every option", "\n".join(options.differences()) or None)
        point("each exception is of use", "\n".join(listed.unused()) or None)
    print(f"1..{number}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
