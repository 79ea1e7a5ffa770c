// SPDX-License-Identifier: GPL-2.0-or-later
// What a user of the action has: a repository with captures and scenarios, and the results.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';

import {repositoryOf, root} from './tree.js';

// {tests, failures} of a JUnit file that an XML parser takes.
export function junit(file) {
    const script = 'import json, sys, xml.etree.ElementTree as tree; ' +
        'top = tree.parse(sys.argv[1]).getroot(); ' +
        'count = lambda name: len(list(top.iter(name))); ' +
        'print(json.dumps([top.tag, count("testcase"), count("failure")]))';
    const [tag, tests, failed] =
        JSON.parse(execFileSync('/usr/bin/python3', ['-c', script, file], {encoding: 'utf8'}));
    assert.match(tag, /^testsuites?$/);
    return {tests, failures: failed};
}

// A user's repository: a capture with its scenario, and a scan that is none within 30 s, which only
// the example's option says. `change` changes the files.
export function usersRepository(scratch, name, change = () => {}) {
    const folder = `${scratch}/${name}`;
    fs.mkdirSync(`${folder}/captures`, {recursive: true});
    for (const file of ['nmap-syn.pcap', 'nmap-syn.scenario.toml']) {
        fs.copyFileSync(`${root}/pcaps/${file}`, `${folder}/captures/${file}`);
    }
    fs.writeFileSync(`${folder}/captures/slow.scenario.toml`, `title = "a slow scan"
packets = """
  0s   10.0.0.1 > 10.0.0.9:22   S  pass
  1s   10.0.0.1 > 10.0.0.9:23   S  pass
  2s   10.0.0.1 > 10.0.0.9:25   S  pass
  40s  10.0.0.1 > 10.0.0.9:80   S  pass
"""
`);
    change(`${folder}/captures`);
    return {url: repositoryOf(folder, `${folder}.git`), ref: 'main'};
}

// A name that annotations have to quote, and an expectation on line 4 that does not hold.
export const wrongScenario = 'odd, 100%: wrong.scenario.toml';
export function addWrongScenario(captures) {
    fs.writeFileSync(`${captures}/${wrongScenario}`, `title = "wrong on purpose"
packets = """
  0s   10.0.0.1 > 10.0.0.9:22   S  pass
  1s   10.0.0.1 > 10.0.0.9:23   S  drop
"""
`);
}
