# SPDX-License-Identifier: GPL-2.0-or-later
"""What a page shows of a command's output, held against what the command printed.

Every line counts, in its order. A line `…` stands for any number of lines, a `…` within a line for any
text. How many blanks there are does not count. Numbers compare exactly, but
for what another run or another machine prints otherwise: FORMS, and [[varies]] of exceptions.toml."""

import re

FORMS = (
    (r"\b(?=\d*[a-f])[0-9a-f]{12,64}\b", "<digest>"),
    (r"(?<![\w.])\d+\.\d+\.\d+(-\w[\w.+-]*)?(?![\w.])", "<version>"),
    (r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ([A-Z]{3,5}|[+-]\d+)\b", "<clock>"),     # those of captures end in Z
    (r"\((now|in (\d+[dhms] ?)+|(\d+[dhms] )+ago)\)", "<age>"),
    (r"\b(process|program) \d+\b", r"\1 <id>"),
    (r"\b(p\d[\d.]*|, max|empty program's) -?\d+\b", r"\1 <duration>"),
    (r"(?<![\w.])\d[\d.,]* (ns|us|µs|ms|s|[kMG]i?B|Mpps|packets/s)\b", r"<measured> \1"),
)
NAMES_WITHIN = {"options", "counters", "reasons", "changes"}    # of options and reasons, not of fields
HEADING = re.compile(r"\b[A-Z][A-Z0-9]*ns\b")    # over a column of durations


def without_durations(lines):
    """The lines of a table without what stands in columns that are headed by ns."""
    ends = []
    for line in lines:
        if not line.strip():
            ends = []
        if HEADING.search(line):
            ends = [heading.end() for heading in HEADING.finditer(line)]
            yield line
            continue
        for end in ends:
            number = re.search(r"(?<= )(\d+|-)$", line[:end])
            if number and not line[end:end + 1].strip():
                line = line[:number.start()] + "~" * len(number[0]) + line[end:]
        yield line


def in_form(lines, varies):
    """The lines, what varies in them replaced by its form."""
    for line in without_durations(lines):
        for pattern in varies:
            line = re.sub(pattern, "<varies>", line)
        for pattern, form in FORMS:
            line = re.sub(pattern, form, line)
        yield " ".join(re.sub("~+", "<duration>", line).split())


def keys_of(value):
    """The keys of a JSON value, those within it included."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            if key not in NAMES_WITHIN:
                yield from keys_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys_of(inner)


def matches(shown, printed):
    pattern = ".*".join(re.escape(part) for part in shown.split("…"))
    return re.fullmatch(pattern, printed) is not None


def difference(text, said, varies=()):
    """None, or where it differs: (which of the lines of `text`, from 0; what is wrong)."""
    said_lines = said.splitlines()
    both = [(line, form) for line, form in zip(said_lines, in_form(said_lines, varies)) if form]
    printed, forms = [line for line, _ in both], [form for _, form in both]
    places = {0}    # how many of the printed lines may have been accounted for so far
    lines = text.splitlines()
    for number, (line, form) in enumerate(zip(lines, in_form(lines, varies))):
        before = places
        if not form:
            continue
        if form == "…":
            places = set(range(min(places), len(printed) + 1))
            continue
        places = {place + 1 for place in places if place < len(printed) and matches(form, forms[place])}
        if not places:
            there = ("no such line after those above it" if len(before) > 1 else
                     printed[min(before)].strip() if min(before) < len(printed) else "nothing more")
            return number, f"shown is\n    {line.strip()}\nprinted there is\n    {there}"
    if len(printed) not in places:
        return len(lines) - 1, (f"after it is printed and not shown\n    {printed[max(places)].strip()}\n"
                                "(a line `…` leaves out)")
    return None
