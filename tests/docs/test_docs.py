#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-or-later
"""Would ci/docs notice a wrong document? Each case is a page, and what has to be said of it."""

import pathlib
import subprocess
import tempfile
import unittest

import blocks

HERE = pathlib.Path(__file__).resolve().parent


def found(page):
    return [(item.kind, item.text) for item in blocks.items(page)]


class Blocks(unittest.TestCase):
    def test_indented_and_fenced_code_are_commands(self):
        page = "Text\n\n    ci/lint  # all\n    ci/build dev \\\n        x\n\n```sh\nci/tidy\n```\n"
        self.assertEqual([text for _, text in found(page)],
                         ["ci/lint", "ci/build dev \\\nx", "ci/tidy"])

    def test_what_is_below_a_prompt_is_output(self):
        self.assertEqual(found("    $ ci/lint\n    ci/lint: fine\n"), [("command", "ci/lint")])

    def test_code_in_a_list_is_indented_by_more(self):
        page = "1. Do:\n\n       ci/lint\n\n2. Then\n\n    ci/tidy\n"
        self.assertEqual(found(page), [("command", "ci/lint")])
        self.assertEqual([item.text for item in blocks.strays(page)], ["ci/tidy"])

    def test_optional_parts_make_a_synopsis(self):
        page = "    xdp-portscan-sim cover PATH... [--lcov FILE]\n             [--json]\n"
        self.assertEqual(found(page), [
            ("synopsis", "xdp-portscan-sim cover PATH... [--lcov FILE] [--json]")])

    def test_data_is_told_apart(self):
        for code, kind in (('title = "x"', "scenario"), ('interfaces = ["eth0"]', "configuration"),
                           ("block = [1]", "toml"), ("two words", "text")):
            self.assertEqual(found(f"Text\n\n    {code}\n"), [(kind, code)])

    def test_scripts_of_a_pipeline_are_commands(self):
        self.assertEqual(found("    job:\n      script:\n        - ci/test\n")[1:], [("command", "ci/test")])

    def test_commands_and_options_in_the_text_are_found(self):
        page = "Run `xdp-portscan list\n--blocked`, or `--window 60s`.\n\n    `--in-code`\n"
        self.assertEqual([item.text for item in blocks.spans(page)], ["xdp-portscan list --blocked"])
        self.assertEqual([item.text for item in blocks.mentions(page)], ["--window"])


class Runner(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_page(self, page, exceptions=""):
        (self.folder / "page.md").write_text(page)
        (self.folder / "exceptions.toml").write_text(exceptions)
        return subprocess.run([HERE / "run.py", "--exceptions", self.folder / "exceptions.toml",
                               self.folder / "page.md"], text=True, stdout=subprocess.PIPE)

    def failures(self, page, exceptions=""):
        done = self.run_page(page, exceptions)
        bad = [line for line in done.stdout.splitlines() if line.startswith("not ok")]
        self.assertEqual(done.returncode, 1 if bad else 0, done.stdout)
        return bad

    def test_right_commands_pass_and_a_scanner_is_blocked(self):
        page = ("    xdp-portscan run eth0\n    xdp-portscan list 10.0.0.1\n"
                "    sudo xdp-portscan unblock 10.0.0.1\n\nText with `xdp-portscan status --json` and `--dry-run`.\n")
        self.assertEqual(self.failures(page), [])

    def test_each_mistake_is_a_failure_of_its_own(self):
        page = """
    xdp-portscan-sim replay --max-port 3 mine.pcap
    xdp-portscan run eth0 --dry-runs
    ci/no-such-script

    some output that nobody explains

Text with `xdp-portscan list --blockd`, `xdp-portscan stop` and `--max-port`,
held by `Detector.ThatDoesNotExist` and `HttpServer.AnswersGetAndHead`.

    interfaces = ["eth0"]
    dry-runs   = true

Then

    title = "a verdict that is wrong"
    packets = \"\"\"
      0s 10.0.0.1 > 10.0.0.9:22 S drop
    \"\"\"
"""
        self.assertEqual(len(self.failures(page)), 10)

    def test_nothing_is_left_unread_after_a_failure(self):
        done = self.run_page("    xdp-portscan list\n    xdp-portscan --version\n")
        self.assertEqual(done.stdout.count("\nok "), 2)    # the version, and the end of the page

    def test_an_exception_of_no_use_is_named(self):
        import exceptions
        path = self.folder / "exceptions.toml"
        path.write_text('[[skip]]\ncommand = "ci/gone"\nreason = "takes a very long time"\n')
        self.assertIn("ci/gone", exceptions.Exceptions(path).unused()[0])

    def test_an_exception_without_a_reason_is_refused(self):
        self.assertNotEqual(self.run_page("", '[[skip]]\ncommand = "ci/test"\n').returncode, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
