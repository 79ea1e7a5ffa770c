#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-or-later
"""Would ci/docs notice a wrong document? Each case is a page, and what has to be said of it."""

import pathlib
import subprocess
import tempfile
import unittest

import blocks
import shown

HERE = pathlib.Path(__file__).resolve().parent


def found(page):
    return [(item.kind, item.text) for item in blocks.items(page)]


class Blocks(unittest.TestCase):
    def test_indented_and_fenced_code_are_commands(self):
        page = "Text\n\n    ci/lint  # all\n    ci/build dev \\\n        x\n\n```sh\nci/tidy\n```\n"
        self.assertEqual([text for _, text in found(page)],
                         ["ci/lint", "ci/build dev \\\nx", "ci/tidy"])

    def test_what_is_below_a_prompt_is_output(self):
        page = "    $ ci/lint \\\n          fix\n    ci/lint: fine\n\n      # 2\n    $ ci/tidy\n"
        self.assertEqual(found(page), [("command", "ci/lint \\\n      fix"),
                                       ("output", "ci/lint: fine\n\n  # 2"), ("command", "ci/tidy")])

    def test_above_a_prompt_is_no_output(self):
        self.assertEqual(found("    ci/lint\n    $ ci/tidy\n"),
                         [("unprompted", "ci/lint"), ("command", "ci/tidy")])

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


class Shown(unittest.TestCase):
    SAID = """detector 64d39c1db1a1, kernel 6.18.44
CAPTURE  PACKETS  P50ns  P99ns  SOURCE
a.pcap      2008    250   1371  10.0.0.1

  1007 passed; ns above the empty program's 130: p50 120, p99.9 7901, max 22953
  since       2026-11-28 23:29:45 UTC (3m 20s ago)
took 0.31 s by process 4711
"""

    def wrong(self, text, said=SAID, varies=()):
        """The line that differs, or None."""
        found = shown.difference(text, said, varies)
        return None if found is None else text.splitlines()[found[0]].strip()

    def test_what_another_run_prints_otherwise_may_differ(self):
        self.assertIsNone(self.wrong("""detector 00000000000a, kernel 7.3.1-2-cloud-amd64
CAPTURE  PACKETS  P50ns  P99ns  SOURCE
a.pcap      2008     90      -  10.0.0.1

  1007 passed; ns above the empty program's 99: p50 9, p99.9 1, max 2
  since       2027-01-01 00:00:00 CET (now)
took 12 s by process 1
"""))

    def test_all_other_numbers_and_words_are_compared(self):
        for right, wrong in (("2008", "2009"), ("1007 passed", "1006 passed"), ("10.0.0.1", "10.0.0.2"),
                             ("P99ns", "P98ns"), ("since", "until"), ("took", "needed"), ("p99.9", "p99")):
            line = next(line for line in self.SAID.splitlines() if right in line)
            self.assertEqual(self.wrong(self.SAID.replace(right, wrong)),
                             line.replace(right, wrong).strip())

    def test_times_of_captures_are_compared(self):
        said = "2026-11-23 09:40:21.544703Z\n"
        self.assertIsNone(self.wrong(said, said))
        self.assertIsNotNone(self.wrong(said.replace("21.5", "22.5"), said))

    def test_every_line_is_shown_in_its_order_unless_left_out(self):
        said = "a\nb\nc\nd\n"
        for text, wrong in (("a\nb\nc\nd", None), ("a\n…\nd", None), ("…\nb\n…", None),
                            ("a\n...\nd", "..."), ("a b\nc", "a b"),
                            ("a\nc\nd", "c"), ("a\nb\nc", "c"), ("b\n…", "b"), ("…\nc\nb\n…", "b"),
                            ("a\n…\ne", "e"), ("a\nb\nc\nd\ne", "e")):
            self.assertEqual(self.wrong(text, said), wrong, text)

    def test_words_are_left_out_within_a_line(self):
        said = '{"schema":"x/1","capture":"a.pcap","packets":7}\n'
        self.assertIsNone(self.wrong('{"schema":"x/1",…,"packets":7}', said))
        self.assertIsNotNone(self.wrong('{"schema":"x/1",…,"packets":8}', said))

    def test_an_exception_says_what_else_varies(self):
        self.assertIsNotNone(self.wrong("seed 4, 7 rounds", "seed 5, 7 rounds"))
        self.assertIsNone(self.wrong("seed 4, 7 rounds", "seed 5, 7 rounds", [r"seed \d+"]))
        self.assertIsNotNone(self.wrong("seed 4, 8 rounds", "seed 5, 7 rounds", [r"seed \d+"]))


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

    REPLAY = """
    $ sudo build/bin/xdp-portscan-sim replay pcaps/nmap-ack.pcap pcaps/honest-curl.pcap
    …
    CAPTURE            PACKETS    DROPPED  P50ns  P99ns  BLOCKED SOURCE …
    nmap-ack.pcap          604          0    180    241  nobody blocked
      604 passed, 0 dropped; …
    honest-curl.pcap       252          0    180    241  nobody blocked
      252 passed, 0 dropped; …
"""

    def test_shown_output_is_what_is_printed(self):
        self.assertEqual(self.failures(self.REPLAY), [])

    def test_shown_output_that_is_wrong_is_named_with_its_line(self):
        for cut, put, line, said in (
                (" 604 passed", " 605 passed", 6, "shown is\n#     605 passed, 0 dropped; …\n"
                 "# printed there is\n#     604 passed, 0 dropped; 0 sources"),
                ("      604 passed, 0 dropped; …\n", "", 6, "shown is\n#     honest-curl.pcap       252  "),
                ("      252 passed, 0 dropped; …\n", "", 7,
                 "after it is printed and not shown\n#     252 passed, 0 dropped; 1 source")):
            done = self.run_page(self.REPLAY.replace(cut, put))
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"# page.md:{line}: {said}", done.stdout)
            self.assertIn("# printed in all is\n# detector ", done.stdout)

    def test_what_stands_below_a_block_of_commands_is_output_too(self):
        page = ("    xdp-portscan-sim synth --kind syn --ports 1-9 -w x.pcap\n\nprints\n\n"
                "    9 packets up to …\n")
        self.assertEqual(self.failures(page), [])
        self.assertEqual(len(self.failures(page.replace("9 pack", "8 pack"))), 1)

    def test_a_log_is_waited_for(self):
        page = ("    $ sudo xdp-portscan run eth0\n    …\n    xdp-portscan: running as process 4711\n"
                "    2026-11-28 23:29:45 UTC blocked 10.0.0.1: threshold, ports 22 23 25, trigger port 80, "
                "interface eth0\n    …\n")
        self.assertEqual(self.failures(page), [])
        self.assertEqual(len(self.failures(page.replace("port 80", "port 81"))), 1)

    def test_a_field_that_a_page_does_not_name_is_a_failure(self):
        entry = '[[fields]]\npage = "page.md"\ncommand = "xdp-portscan-sim fuzz --json --packets 100"\n'
        page = ("`schema`, `seed`, `packets`, `actions`, `rounds`, `differences`, `reasons`, `summary`, "
                "`capture`, `scenario`, `scenario_fails`, `command`\n")
        self.assertEqual(self.failures(page, entry), [])
        self.assertEqual(len(self.failures(page.replace("`rounds`, ", ""), entry)), 1)

    def test_output_of_what_is_not_run_cannot_be_held(self):
        skip = '[[skip]]\ncommand = "ci/tidy"\nreason = "takes a very long time"\n'
        self.assertEqual(len(self.failures("    $ ci/tidy\n    fine\n", skip)), 1)

    def test_nothing_is_left_unread_after_a_failure(self):
        done = self.run_page("    xdp-portscan list\n    xdp-portscan --version\n")
        self.assertEqual(done.stdout.count("\nok "), 2)    # the version, and the end of the page

    def test_an_exception_of_no_use_is_named(self):
        import exceptions
        path = self.folder / "exceptions.toml"
        path.write_text('[[skip]]\ncommand = "ci/gone"\nreason = "takes a very long time"\n'
                        '[[varies]]\npattern = "seed .+"\nreason = "drawn by the clock"\n'
                        '[[fields]]\npage = "gone.md"\ncommand = "ci/gone"\n')
        listed = exceptions.Exceptions(path)
        self.assertEqual(listed.varies("seven rounds", "page.md"), [])
        self.assertEqual(listed.of_page("fields", "page.md"), [])
        self.assertEqual(len(listed.unused()), 3)
        self.assertEqual(listed.varies("round 1\nseed 5", "page.md"), ["seed .+"])
        self.assertEqual(len(listed.of_page("fields", "gone.md")), 1)
        self.assertEqual(len(listed.unused()), 1)

    def test_an_exception_without_a_reason_is_refused(self):
        self.assertNotEqual(self.run_page("", '[[skip]]\ncommand = "ci/test"\n').returncode, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
