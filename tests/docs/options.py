# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/options.md: every option of every command. It is written from what --help says, and held to the
names in it; the layout of help differs from one CLI11 to the next."""

import functools
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/options.md"
PROGRAMS = ("xdp-portscan", "xdp-portscan-sim")
COLUMN = 30     # where a description begins
NO_VALUE = re.compile(r"^\s+(-\w,)?|:(UINT|INT|FLOAT) in \[.*?\]|\{-\}| REQUIRED| \.\.\.$")
EVERYWHERE = {"--help", "--version"}

BEGIN = """<!-- SPDX-License-Identifier: GPL-2.0-or-later -->
# Every option

What `COMMAND --help` says, written by `ci/docs --write-options`. Times have a unit: `500ms`, `60s`,
`10m`, `4h`, `1d`. Lists have commas. In [configuration files](loader.md#2-the-configuration-file) and
[scenarios](scenarios.md) the names are the same without the dashes.

## Detection options

Of `run` and `load`, and of most commands of the harness. What they mean: [detection.md](detection.md).
"""
END = """
## Both programs

`--help` of each command, `--version`, and `--generate man`, `bash`, `zsh` or `fish`: manual page and
completion on standard output. Exit status: [of the loader](loader.md#exit-status),
[of the harness](../README.md#a-replay).
"""


def help_of(command):
    return subprocess.run([ROOT / "build/bin" / command[0], *command[1:], "--help"], check=True,
                          capture_output=True, text=True).stdout


def section(text, name):
    """The lines of a part of the help, which ends at an empty line."""
    found = re.search(rf"^{name}:\n(.*?)(\n\n|\Z)", text, re.MULTILINE | re.DOTALL)
    return found[1].rstrip("\n").split("\n") if found else []


@functools.cache
def commands():
    """All that take no further subcommand, as lists of words."""
    found, left = [], [[program] for program in PROGRAMS]
    while left:
        command = left.pop(0)
        names = [line.split()[0] for line in section(help_of(command), "Subcommands")
                 if line[2:3] != " "]
        if names:
            left = [command + [name] for name in names] + left
        else:
            found.append(command)
    return found


def names_in(lines):
    return {name for line in lines for name in re.findall(r"^\s+(?:-\w,\s?)?(--[\w-]+)", line)}


def own_options(text):
    parts = [name for name in re.findall(r"^(\w+):$", text, re.MULTILINE) if name != "Detection"]
    return [line for name in parts for line in section(text, name)]


def rows(lines):
    """(option with its value, description) of each."""
    for line, after in zip(lines, lines[1:] + [""]):
        if not names_in([line]) or names_in([line]) & EVERYWHERE:
            continue
        if after.startswith(" " * COLUMN):
            option, said = line, after
        else:
            option, said = line[:COLUMN], line[COLUMN:]
        option = NO_VALUE.sub("", option.rstrip())
        default = ""
        if "OPTION=" not in option and "=" in option:
            option, _, default = option.partition("=")
            default = f" (default: {default.replace(',', '', 1)})"
        if option == "--json" and "--json=FILE" in said:
            option = "--json[=FILE]"
        yield option, said.strip() + default


def table(lines):
    body = ["| `{}` | {} |".format(*(part.replace("|", "\\|") for part in row)) for row in rows(lines)]
    return "\n| option | |\n|---|---|\n" + "\n".join(body) + "\n" if body else ""


def write():
    page = BEGIN + table(section(help_of(["xdp-portscan", "run"]), "Detection"))
    for command in commands():
        text = help_of(command)
        usage = re.search(r"^Usage: (.*)$", text, re.MULTILINE)[1].replace(" [OPTIONS]", "")
        page += f"\n## {' '.join(command)}\n\n`{usage}`: {text.splitlines()[0]}"
        if section(text, "Detection"):
            page += "\n\nBeside the [detection options](#detection-options):" if names_in(
                own_options(text)) - EVERYWHERE else "\n\nTakes the [detection options](#detection-options)."
        page += "\n" + table(own_options(text))
    PAGE.write_text(page + END)


def known():
    """Every option of a program or script of ours."""
    scripts = [path.read_text() for path in [*(ROOT / "ci").iterdir(), ROOT / "pcaps/record",
                                              ROOT / "tests/docs/run.py"]]
    names = {name for text in scripts for name in re.findall(r"--[a-z][a-z0-9-]+", text)}
    for command in [[program] for program in PROGRAMS] + commands():
        names |= names_in(help_of(command).splitlines())
    return names | {"--generate"}


def differences():
    """What the page lacks, or has too much, a line for each."""
    parts = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.MULTILINE | re.DOTALL))
    want = {"Detection options": names_in(section(help_of(["xdp-portscan", "run"]), "Detection"))}
    for command in commands():
        want[" ".join(command)] = names_in(own_options(help_of(command))) - EVERYWHERE
    for name in sorted(want.keys() | parts.keys() - {"Both programs"}):
        there = set(re.findall(r"^\| `(--[\w-]+)", parts.get(name, ""), re.MULTILINE))
        if name not in parts or name not in want or there != want[name]:
            wrong = ", ".join(sorted(there ^ want.get(name, set())))
            yield f"{name}: {wrong or 'the whole section'}: run ci/docs --write-options"
