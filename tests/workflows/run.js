// SPDX-License-Identifier: GPL-2.0-or-later
// Runs the workflows, the action and the examples of docs/ci.md, and prints TAP. See ci/workflows.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import {gitlab} from './gitlab.js';
import {Job} from './job.js';
import {readAction, readWorkflow, scripts} from './schema.js';
import {addBranch, example, gitEnvironment, repositoryOf, root} from './tree.js';
import {addWrongScenario, junit, usersRepository, wrongScenario} from './user.js';

const scratch = process.argv[2];
const action = '.github/actions/test-scenarios/action.yml';
const ours = 'xdp-portscan/xdp-portscan'; // as docs/ci.md calls it

// Of the caller's environment what a runner's has too, and what says where compiled objects are.
const environment = {...gitEnvironment};
for (const [name, value] of Object.entries(process.env)) {
    if (/^(PATH|HOME|LANG|XDG_CACHE_HOME|PORTSCAN_SKIP_INSTALL|CCACHE_.*|.*_proxy)$/.test(name)) {
        environment[name] = value;
    }
}

const read = (file) => fs.readFileSync(path.join(root, file), 'utf8');

let number = 0;
let failures = 0;
const comment = (text) => console.log(text.trimEnd().replace(/^/gm, '# '));

async function test(name, body) {
    const start = Date.now();
    let why;
    try {
        await body();
    } catch (error) {
        why = error;
        failures++;
    }
    console.log(`${why ? 'not ok' : 'ok'} ${++number} - ${name}`);
    if (why)
        comment(why.code === 'ERR_ASSERTION' ? why.message : `${why.stack}\n${why.stdout ?? ''}`);
    if (Date.now() - start > 1000) comment(`${Math.round((Date.now() - start) / 1000)} s`);
}

// Runs a job of a workflow's text; a result that is not the expected one shows its log.
async function runJob(text, job, passes, host) {
    const temporary = fs.mkdtempSync(`${scratch}/job-`);
    const workflow = await readWorkflow('workflow', text);
    const result = await new Job(workflow, job, {temporary, environment, ...host}).run();
    for (const note of result.notes) comment(note);
    assert.equal(result.passed, passes, `the job ${passes ? 'failed' : 'passed'}:\n${result.log}`);
    return result;
}

// What GitHub's schema and shellcheck say, which takes an expression in a script for an error, too.
async function schemaTests() {
    const valid = (name, reader, text) =>
        test(`${name}: valid by GitHub's schema, and its scripts by shellcheck`, async () => {
            for (const script of scripts(await reader(name, text))) {
                const input = `set -eo pipefail\n${script}`;
                execFileSync('shellcheck', ['-s', 'bash', '-'], {input, stdio: 'pipe'});
            }
        });
    for (const file of fs.readdirSync(`${root}/.github/workflows`)) {
        await valid(file, readWorkflow, read(`.github/workflows/${file}`));
    }
    for (const folder of fs.readdirSync(`${root}/.github/actions`)) {
        const file = `.github/actions/${folder}/action.yml`;
        await valid(file, readAction, read(file));
    }
    await valid('docs/ci.md', readWorkflow, example('docs/ci.md', 'jobs:'));
}

// What is broken has to be seen: by the schema, and by the runner where the schema is content.
async function brokenTests(repositories) {
    const host = {event: 'push', repository: 'user/repository', repositories};
    const text = example('docs/ci.md', 'jobs:');
    const broken = (from, to) => {
        assert.ok(text.includes(from), `no '${from}' in the example`);
        return text.replace(from, to);
    };
    const refusals = [
        ['a misspelt key', broken('runs-on:', 'run-on:'), /run-on/],
        ['a job without a machine', broken('runs-on: ubuntu-24.04', ''), /runs-on/],
        ['an unknown context', broken('--window 30s', '${{ inptus.x }}'), /inptus/],
        ['an unknown property', broken('--window 30s', '${{ github.shaa }}'), /no 'shaa'/],
        ['an unknown action', broken('actions/checkout@v4', 'actions/chekout@v4'), /not supported/],
        ['an unknown input', broken('options:', 'optoins:'), /'optoins' is not supported/],
        ['a missing input', broken('scenarios: captures/', ''), /needs input 'scenarios'/],
        [
            'a condition, which is not run', broken('- uses:', '- if: always()\n        uses:'),
            /'if'/
        ],
    ];
    for (const [name, workflow, message] of refusals) {
        await test(
            `refused: ${name}`,
            () => assert.rejects(runJob(workflow, 'scans', false, host), message));
    }
    await test('refused: an action with a misspelt key', () => {
        assert.throws(
            () => readAction('action', read(action).replace('using:', 'usign:')), /usign/);
    });
}

async function exampleTests(detector) {
    const text = example('docs/ci.md', 'jobs:');
    const host = (user) => ({
        event: 'push',
        repository: 'user/repository',
        repositories: {'user/repository': user, [ours]: detector},
    });
    await test('docs/ci.md: its workflow passes with captures that are as expected', async () => {
        const result = await runJob(text, 'scans', true, host(usersRepository(scratch, 'right')));
        assert.deepEqual(result.annotations, []);
        assert.match(result.summary, /^- passed: .*nmap-syn\.scenario\.toml/m);
        assert.match(result.summary, /^- passed: .*slow\.scenario\.toml/m);
        assert.doesNotMatch(result.summary, /failed/);
        assert.equal(junit(`${result.workspace}/xdp-portscan.xml`).failures, 0);
    });
    await test('docs/ci.md: its workflow fails at the line of a wrong expectation', async () => {
        const user = usersRepository(scratch, 'wrong', addWrongScenario);
        const result = await runJob(text, 'scans', false, host(user));
        assert.equal(result.annotations.length, 1, result.log);
        const [{level, file, line, message}] = result.annotations;
        assert.deepEqual(
            {level, file, line}, {level: 'error', file: `captures/${wrongScenario}`, line: '4'});
        assert.ok(fs.existsSync(path.join(result.workspace, file)));
        assert.match(message, /expected drop, got pass/);
        assert.match(result.summary, /^- passed: .*slow\.scenario\.toml/m);
        assert.match(result.summary, /^- \*\*failed\*\*: .*wrong\.scenario\.toml/m);
        assert.equal(junit(`${result.workspace}/xdp-portscan.xml`).failures, 1);
    });
}

async function ciTests(detector) {
    const text = read('.github/workflows/ci.yml');
    const instead = {'ci/test': 'ci/test runs this test'};
    await test('ci.yml: checks the tree out, and comes to ci/test', async () => {
        const result = await runJob(
            text, 'test', true,
            {event: 'push', repository: ours, repositories: {[ours]: detector}, instead});
        assert.equal(result.notes.length, 1);
        assert.ok(fs.statSync(`${result.workspace}/ci/test`).mode & 0o100);
    });
}

async function detectionTests(url) {
    const text = read('.github/workflows/detection.yml');
    const pullRequest = (ref) => ({
        event: 'pull_request',
        base: 'main',
        repository: ours,
        repositories: {[ours]: {url, ref}},
    });
    await test(
        'detection.yml: green for a pull request that leaves the detector alone', async () => {
            addBranch(
                url, 'words', scratch,
                (folder) => fs.appendFileSync(`${folder}/README.md`, '\nA word.\n'));
            const {summary} = await runJob(text, 'compare', true, pullRequest('words'));
            assert.match(summary, /byte for byte that of `origin\/main`/);
        });
    await test('detection.yml: red for one that changes a rule, with what it changes', async () => {
        addBranch(url, 'rule', scratch, (folder) => {
            // One capture and one scenario show it: all of them take a minute.
            const kept = /\/(nmap-syn\.(pcap|scenario\.toml)|unblock\.scenario\.toml)$/;
            for (const inputs of ['pcaps', 'tests/scenarios']) {
                for (const file of fs.readdirSync(`${folder}/${inputs}`)) {
                    const whole = `${folder}/${inputs}/${file}`;
                    if (fs.statSync(whole).isFile() && !kept.test(whole)) fs.rmSync(whole);
                }
            }
            const tests = `${root}/tests/wrong-detectors`;
            execFileSync(
                `${tests}/build`,
                [`${tests}/table`, 'threshold-late', `${root}/bpf`, `${folder}/bpf`]);
        });
        const {summary} = await runJob(text, 'compare', false, pullRequest('rule'));
        assert.match(summary, /^Against the detector of `origin\/main`/m);
        assert.match(summary, /nmap-syn.*: [1-9][0-9]* of [0-9]+ frames change/);
    });
}

async function gitlabTests(detector) {
    const text = example('docs/ci.md', '  script:');
    const published = text.match(/git clone .*(https:\S+)/)[1];
    const report = text.match(/junit: (\S+)/)[1];
    const repository = (name, change = () => {}) => usersRepository(scratch, name, (captures) => {
        fs.writeFileSync(`${captures}/../.gitlab-ci.yml`, text);
        fs.rmSync(`${captures}/slow.scenario.toml`); // the example has not the option that it needs
        change(captures);
    });
    const host = {detector: detector.url, published, scratch, environment};
    const job = (user) => gitlab(['scans'], {...host, user: user.url});
    await test('.gitlab-ci.yml: valid by GitLab\'s schema, and comes to ci/test', async () => {
        const {status, log} = await gitlab(['--preview'], {...host, user: detector.url});
        assert.equal(status, 0, log);
        assert.match(log, /^ +- ci\/test$/m);
        comment('\'ci/test\' was not run: ci/test runs this test');
    });
    await test('refused: a GitLab job with a misspelt key', async () => {
        const user = repository(
            'gitlab-broken',
            (captures) => fs.writeFileSync(
                `${captures}/../.gitlab-ci.yml`, text.replace('script:', 'skript:')));
        const {status, log} = await job(user);
        assert.notEqual(status, 0);
        assert.match(log, /scans must have script specified/);
    });
    await test('docs/ci.md: its GitLab job passes, and its report is there', async () => {
        const {status, log, folder} = await job(repository('gitlab-right'));
        assert.equal(status, 0, log);
        const {tests, failures} = junit(`${folder}/${report}`);
        assert.ok(tests > 0);
        assert.equal(failures, 0);
    });
    await test(
        'docs/ci.md: its GitLab job fails by a wrong expectation, with a report', async () => {
            const {status, log, folder} = await job(repository('gitlab-wrong', addWrongScenario));
            assert.notEqual(status, 0, log);
            assert.equal(junit(`${folder}/${report}`).failures, 1);
        });
}

fs.accessSync(scratch);
console.log('TAP version 14');
const url = repositoryOf(root, `${scratch}/tree.git`);
const detector = {
    url,
    ref: 'main'
};
const groups = {
    schema: () => schemaTests(),
    refused: () =>
        brokenTests({'user/repository': usersRepository(scratch, 'broken'), [ours]: detector}),
    ci: () => ciTests(detector),
    example: () => exampleTests(detector),
    detection: () => detectionTests(url),
    gitlab: () => gitlabTests(detector),
};
const chosen = process.argv.slice(3);
for (const name of chosen.length > 0 ? chosen : Object.keys(groups)) {
    assert.ok(groups[name], `no group '${name}': ${Object.keys(groups).join(', ')}`);
    await groups[name]();
}
console.log(`1..${number}`);
process.exit(failures > 0 ? 1 : 0);
