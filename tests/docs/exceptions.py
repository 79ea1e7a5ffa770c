# SPDX-License-Identifier: GPL-2.0-or-later
"""exceptions.toml: where the documents are not simply run as they are."""

import fnmatch
import json
import re
import tomllib

TABLES = {"skip", "instead", "text", "stands_for", "given", "foreign", "varies", "fields"}
NEED_A_REASON = {"skip", "text", "foreign", "varies"}


class Exceptions:
    """The tables of exceptions.toml; `used` are those that matched, as (table, number)."""

    def __init__(self, path):
        self.tables = tomllib.loads(path.read_text())
        self.used = set()
        for table, entries in self.tables.items():
            if table not in TABLES:
                raise SystemExit(f"{path}: no table '{table}'")
            for entry in entries:
                if table in NEED_A_REASON and len(entry.get("reason", "")) < 10:
                    raise SystemExit(f"{path}: {table}: {entry} has no reason")

    def find(self, table, text, page):
        for number, entry in enumerate(self.tables.get(table, [])):
            if fnmatch.fnmatch(page, entry.get("page", "*")) and self.matches(table, entry, text):
                self.used.add((table, number))
                return entry
        return None

    @staticmethod
    def matches(table, entry, text):
        if table == "text":
            return text.startswith(entry["begins"])
        return text == entry["option" if table == "foreign" else "command"]

    def fill_in(self, text, page):
        """The text with what its placeholders stand for."""
        for number, entry in enumerate(self.tables.get("stands_for", [])):
            if fnmatch.fnmatch(page, entry.get("page", "*")) and entry["text"] in text:
                self.used.add(("stands_for", number))
                text = text.replace(entry["text"], entry["value"])
        return text

    def varies(self, text, page):
        """The patterns of what the page shows and another run prints otherwise."""
        found = []
        for number, entry in enumerate(self.tables.get("varies", [])):
            if fnmatch.fnmatch(page, entry.get("page", "*")) and re.search(entry["pattern"], text,
                                                                          re.MULTILINE):
                self.used.add(("varies", number))
                found.append(entry["pattern"])
        return found

    def of_page(self, table, page):
        """The entries for this page, which count as used."""
        found = [(number, entry) for number, entry in enumerate(self.tables.get(table, []))
                 if entry["page"] == page]
        self.used |= {(table, number) for number, _ in found}
        return [entry for _, entry in found]

    def unused(self):
        return [f"{table}: {json.dumps(entry)}" for table, entries in self.tables.items()
                for number, entry in enumerate(entries) if (table, number) not in self.used]
