# SPDX-License-Identifier: GPL-2.0-or-later
"""What a Markdown page holds that can be run or checked: commands, configuration, scenarios."""

import dataclasses
import re
import tomllib

import yaml

# A command begins with one of these, after a prompt, sudo and assignments. A block that begins with
# anything else has to be TOML, YAML or text that exceptions.toml names.
PROGRAM = re.compile(
    r"""(\.\./|\./)*(ci|build|pcaps)/[\w/.-]+$ | (xdp-portscan|xdp-portscan-sim|xdp-loader|bpftool)$ |
        (cmake|ctest|curl|promtool|kubectl|systemctl|journalctl|setcap|git|apt|apt-get|npm|pip)$ |
        (cd|cp|mkdir|mount|chown|chmod|rm|kill|pkill|ip|nmap|hping3|tcpdump|parallel|find|for|jq)$ |
        (docker|podman|buildah|editor|cat|grep|watch|tshark|genhtml|man|dpkg|install)$""", re.VERBOSE)
OURS = re.compile(r"(ci|build|pcaps)/|(xdp-portscan|xdp-portscan-sim) ")
PREFIX = re.compile(r"(\$ )?((sudo|env|[A-Z_]+=\S*) )*")
FENCE = re.compile(r"(\s*)```(\S*)\s*$")
LIST_ITEM = re.compile(r"(\d+\.|[-*]) ")


@dataclasses.dataclass
class Block:
    """Lines of code that belong together, without their indentation."""
    line: int       # of the first, from 1
    language: str   # of a fenced block; empty
    lines: list


@dataclasses.dataclass
class Item:
    """Something to run or to check."""
    line: int
    kind: str       # command, output, synopsis, scenario, configuration, toml, yaml, text
    text: str


def blocks(page):
    """The code blocks of a Markdown page: fenced ones, and those indented by four columns more than
    the text around them."""
    lines = page.splitlines()
    depth, at = 0, 0    # of the list item that the lines belong to
    while at < len(lines):
        line = lines[at]
        fence = FENCE.match(line)
        if fence:
            end = next((i for i in range(at + 1, len(lines)) if lines[i].strip() == "```"), None)
            if end is None:
                raise ValueError(f"{at + 1}: a fence that does not end")
            body = [text[len(fence[1]):] for text in lines[at + 1:end]]
            yield Block(at + 2, fence[2], body)
            at = end + 1
            continue
        indent = len(line) - len(line.lstrip())
        if line.strip() and indent >= depth + 4:
            end = at
            while end < len(lines) and (not lines[end].strip() or lines[end].startswith(" " * (depth + 4))):
                end += 1
            body = [text[depth + 4:] for text in lines[at:end]]
            while not body[-1].strip():
                body.pop()
            yield Block(at + 1, "", body)
            at = end
            continue
        if line.strip() and indent < depth:
            depth = 0
        item = LIST_ITEM.match(line.lstrip())
        if item:
            depth = indent + len(item[0])
        at += 1


def is_command(line):
    words = line[PREFIX.match(line).end():].split()
    return bool(words) and PROGRAM.match(words[0]) is not None


def chunks(block):
    """The parts of a block between empty lines, as (number of the first line, lines)."""
    part, begin = [], block.line
    for number, line in enumerate(block.lines + [""], block.line):
        if line.strip():
            if not part:
                begin = number
            part.append(line)
        elif part:
            yield begin, part
            part = []


def finished(found):
    """The commands without their comments, and without output where there is none."""
    for item in found:
        if item.kind == "output":
            item.text = item.text.rstrip("\n")
            if not item.text:
                continue
        else:
            item.text = re.sub(r"\s+# .*$", "", item.text, flags=re.MULTILINE).strip()
            if " [--" in item.text:
                item.kind = "synopsis"
        yield item


def commands(begin, lines):
    """The commands of a chunk. What is indented deeper goes on with the line before it."""
    found = []
    for number, line in enumerate(lines, begin):
        if line.lstrip().startswith("#"):
            continue
        if found and (found[-1].text.endswith(("\\", "|")) or line.startswith(" ")):
            found[-1].text += ("\n" if found[-1].text.endswith(("\\", "|")) else " ") + line.strip()
        else:
            found.append(Item(number, "command", line))
    return finished(found)


def session(block):
    """The commands of a block with prompts, and below each what it prints."""
    found = []
    for number, line in enumerate(block.lines, block.line):
        if line.startswith("$ "):
            found.append(Item(number, "command", line.removeprefix("$ ")))
        elif found and found[-1].kind == "command" and not found[-1].text.endswith(("\\", "|")):
            found.append(Item(number, "output", line))
        elif found:
            found[-1].text += "\n" + line
        else:
            yield Item(number, "unprompted", line)
    yield from finished(found)


def scripts(node):
    """Every command that a workflow or pipeline runs: under `run` and `script`."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("run", "script"):
                yield from [value] if isinstance(value, str) else value
            else:
                yield from scripts(value)
    elif isinstance(node, list):
        for value in node:
            yield from scripts(value)


def data(block):
    """A block that is TOML or YAML, else None."""
    text = "\n".join(block.lines)
    try:
        keys = tomllib.loads(text).keys()
        kind = "toml"
        if keys & {"title", "packets", "traffic"}:
            kind = "scenario"
        elif keys & {"interfaces"}:
            kind = "configuration"
        return [Item(block.line, kind, text)]
    except tomllib.TOMLDecodeError:
        pass
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        return None
    if not isinstance(value, (dict, list)) or not re.match(r"(- )?[\w.-]+:( |$)", block.lines[0]):
        return None
    return [Item(block.line, "yaml", text)] + [
        Item(block.line, "command", script.strip()) for script in scripts(value)]


def items(page):
    """What there is to run and to check on a page, in its order."""
    for block in blocks(page):
        parts = list(chunks(block))
        if block.language not in ("", "sh", "console", "bash"):
            yield from data(block) or [Item(block.line, "text", "\n".join(block.lines))]
        elif any(line.startswith("$ ") for line in block.lines):
            yield from session(block)
        elif any(is_command(part[0]) for _, part in parts):
            for begin, part in parts:
                if is_command(part[0]):
                    yield from commands(begin, part)
                else:
                    yield Item(begin, "text", "\n".join(part))
        else:
            yield from data(block) or [Item(block.line, "text", "\n".join(block.lines))]


def prose(page):
    """The page with its blocks left empty."""
    code = {number for block in blocks(page)
            for number in range(block.line - 1, block.line + len(block.lines) + 1)
            if number != block.line - 1 or block.language}
    return ["" if number in code else line for number, line in enumerate(page.splitlines(), 1)]


def strays(page):
    """Commands that are indented and yet no code, since a list goes on there."""
    for number, line in enumerate(prose(page), 1):
        if line.startswith("    ") and is_command(line.strip()):
            yield Item(number, "stray", line.strip())


def spans(page):
    """The commands of ours that the text itself names, `xdp-portscan run --keep`."""
    text = "\n".join(prose(page))
    for match in re.finditer(r"`((xdp-portscan|xdp-portscan-sim) [^`]+)`", text):
        yield Item(text.count("\n", 0, match.start()) + 1, "synopsis", " ".join(match[1].split()))


def mentions(page):
    """The options that the text names alone, `--window 60s`."""
    for number, line in enumerate(prose(page), 1):
        for option in re.findall(r"`(--[\w-]+)", line):
            yield Item(number, "mention", option)


def tests(page):
    """The tests that the text names, `Suite.TestOfIt`."""
    for number, line in enumerate(prose(page), 1):
        for name in re.findall(r"`([A-Z]\w+\.[A-Z]\w+)`", line):
            yield Item(number, "named_test", name)
