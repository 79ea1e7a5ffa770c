# SPDX-License-Identifier: GPL-2.0-or-later
"""One page of the documents, run from its top to its end inside its sandbox."""

import functools
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests")]

import blocks
import options
import sandbox
import shown

SECONDS = 60    # for a command; the machine may be busy
LOG_SECONDS = 10    # for what a page shows of the log to come
LOG = pathlib.Path("/mnt/background")
OPTION = re.compile(r"--[a-z][a-z0-9-]+")


class Failed(Exception):
    """One line, and perhaps what the command said."""


class Page:
    """One page, inside its sandbox."""

    def __init__(self, path, exceptions):
        self.path = path
        self.name = str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name
        self.exceptions = exceptions
        self.background = None
        self.line = 0
        self.printed = None     # says what the last command printed, if that was run
        self.environment = sandbox.enter(ROOT)

    def run(self):
        """Yields (item, why it failed or None)."""
        text = self.path.read_text()
        for item in [*blocks.items(text), *blocks.spans(text), *blocks.strays(text),
                     *blocks.mentions(text), *blocks.tests(text), *self.printed_fields(),
                     blocks.Item(0, "end", "")]:
            why = None
            self.line = item.line
            try:
                getattr(self, item.kind)(item.text)
            except Failed as failure:
                why = str(failure)
            if why or item.kind not in ("mention", "named_test"):   # of those there are hundreds
                yield item, why

    def mention(self, option):
        if option not in self.known and not self.exceptions.find("foreign", option, self.name):
            raise Failed("no command or script here has such an option")

    def named_test(self, name):
        suite, test = name.split(".")
        case = re.compile(rf"\bTEST(_F|_P)?\({suite}, {test}\)")
        if not any(case.search(path.read_text()) for path in (ROOT / "tests").glob("*.cpp")):
            raise Failed("there is no such test")

    @functools.cached_property
    def known(self):
        return options.known()

    def stray(self, _):
        raise Failed("looks like a command and is not code in Markdown: put a line of text between it "
                     "and the list, or indent it by four columns more")

    def printed_fields(self):
        for entry in self.exceptions.of_page("fields", self.name):
            yield blocks.Item(0, "fields", entry["command"])

    def fields(self, command):
        """Every key of the JSON that a command prints is named on the page, but for the keys below
        those that hold a number for each of many names."""
        status, said = self.bash(command + " 2>/dev/null")
        keys = {key for line in said.splitlines() for key in shown.keys_of(json.loads(line))}
        missing = sorted(key for key in keys if f"`{key}`" not in self.path.read_text())
        if missing or not keys:
            raise Failed(f"printed and not named: {', '.join(missing) or 'nothing'}, status {status}")

    def unprompted(self, _):
        raise Failed("a line without `$ ` above the first one that has it: neither command nor output")

    def end(self, _):
        self.stop_background()

    def text(self, text):
        if self.exceptions.find("text", text, self.name):
            return
        if self.printed is None:
            raise Failed("neither a command nor its output, TOML or YAML: write it as one, or name it in "
                         "tests/docs/exceptions.toml under [[text]] with a reason")
        self.output(text)

    def output(self, text):
        """What stands below a command is what it printed; a log may take a moment."""
        if self.printed is None:
            raise Failed("shown is the output of a command that failed or is not run")
        varies = self.exceptions.varies(text, self.name)
        end = time.monotonic() + LOG_SECONDS
        while True:
            said = self.printed()
            difference = shown.difference(text, said, varies)
            if not difference:
                return
            if self.printed != LOG.read_text or time.monotonic() > end:
                break
            time.sleep(0.1)
        number, wrong = difference
        raise Failed(f"{self.name}:{self.line + number}: {wrong}\nprinted in all is\n{said}")

    def toml(self, _):
        """It was read, which is all that can be said of a part of a file."""

    yaml = toml

    def scenario(self, text):
        """Runs it; its name is what the command after it takes."""
        (ROOT / "mine.scenario.toml").write_text(text)
        self.shell("xdp-portscan-sim test mine.scenario.toml")

    def configuration(self, text):
        """Tries it on an interface beside, and leaves it for what comes after it."""
        pathlib.Path("/etc/xdp-portscan.toml").write_text(text)
        here = "--pin-dir /sys/fs/bpf/tried"
        self.shell(f"xdp-portscan load {here} --config /etc/xdp-portscan.toml lo && "
                   f"xdp-portscan unload {here} --all --purge")

    def synopsis(self, text):
        """The command is there, and has the options that are named."""
        if self.exceptions.find("instead", text, self.name):
            self.command(text)
            return
        words = text.removeprefix("sudo ").split(" |")[0].split()
        command = [words[0]]
        while len(command) < len(words) and re.fullmatch("[a-z]+", words[len(command)]):
            command.append(words[len(command)])
        known = self.help_of(command)
        for option in OPTION.findall(" ".join(words)):
            if option not in OPTION.findall(known):
                raise Failed(f"{' '.join(command)} has no option {option}")

    def help_of(self, command):
        """What it says of itself: --help of ours, the text of a script, the usage of a test program."""
        path = ROOT / command[0]
        if path.is_file() and path.read_bytes()[:2] == b"#!":
            return path.read_text()
        if not path.name.startswith("xdp-portscan"):
            return self.bash(command[0] + " --help")[1]
        # A positional argument may look like a subcommand: the longest that is one.
        known = [" ".join(words[1:]) for words in options.commands() if words[0] == path.name]
        for end in range(len(command), 1, -1):
            name = " ".join(command[1:end])
            if any(one == name or one.startswith(name + " ") for one in known):
                return options.help_of([path.name, *command[1:end]])
        if len(command) > 1:
            raise Failed(f"{path.name} has no command '{command[1]}'")
        return options.help_of([path.name])

    def command(self, text):
        self.printed = None
        if self.exceptions.find("skip", text, self.name):
            if blocks.OURS.match(text.removeprefix("sudo ")):
                self.synopsis(text)
            return
        given = self.exceptions.find("given", text, self.name)
        if given:
            self.command(given["run"])
        entry = self.exceptions.find("instead", text, self.name) or {}
        text = self.exceptions.fill_in(entry.get("run", text), self.name)
        if entry.get("stop"):
            self.stop_background()
        words = [word for word in text.split() if word != "sudo"]
        if [words[0].rpartition("/")[2], *words[1:2]] == ["xdp-portscan", "run"]:
            self.printed = LOG.read_text
            self.start_background(text)
        else:
            sandbox.scan()
            said = self.shell(text, entry.get("status", 0), entry.get("seconds", SECONDS))
            self.printed = lambda: said

    def bash(self, text, seconds=SECONDS):
        """(exit status, output). A map that somebody else's filter has too, or one that is not gone
        yet, is waited for: bpftool looks through the whole machine."""
        end = time.monotonic() + seconds
        while True:
            status, said = self.bash_once(text, seconds)
            if "several maps match" not in said or time.monotonic() > end:
                return status, said
            time.sleep(0.2)

    def bash_once(self, text, seconds):
        process = subprocess.Popen(
            ["bash", "-o", "pipefail", "-c", text], cwd=ROOT, text=True, env=self.environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            errors="replace", start_new_session=True)
        try:
            said, _ = process.communicate(timeout=seconds)
            return process.returncode, said
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise Failed(f"not done after {seconds} s: name a short form in "
                         "tests/docs/exceptions.toml under [[instead]]") from None

    def shell(self, text, expected=0, seconds=SECONDS):
        status, said = self.bash(text, seconds)
        if status != expected:
            raise Failed(f"exit status {status}, not {expected}\n{said}")
        return said

    def start_background(self, text):
        self.stop_background()
        log = LOG.open("wb")
        process = subprocess.Popen(["bash", "-c", "exec " + text.removeprefix("sudo ")], cwd=ROOT,
                                   env=self.environment, stdout=log, stderr=log)
        end = time.monotonic() + SECONDS
        while time.monotonic() < end and process.poll() is None:
            if b"running as process" in LOG.read_bytes():
                self.background = process
                sandbox.scan()
                return
            time.sleep(0.02)
        process.kill()
        raise Failed("does not come up\n" + LOG.read_text())

    def stop_background(self):
        if self.background is None:
            return
        process, self.background = self.background, None
        process.send_signal(signal.SIGTERM)
        try:
            status = process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Failed("the `run` before does not end on SIGTERM") from None
        if status != 0:
            raise Failed(f"the `run` before ended with {status}\n" +
                         LOG.read_text())
