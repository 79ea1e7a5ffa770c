// SPDX-License-Identifier: GPL-2.0-or-later
// Runs one job of a workflow as a hosted runner does, on this machine: scripts by bash, composite
// actions of the workspace, checkouts from local repositories. What it does not know is an error.
import {isScalar} from '@actions/workflow-parser';
import {spawn} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import {evaluate, evaluateAll, fields, readAction} from './schema.js';

// Runs a command to its end: {status, log}, with both outputs in the log.
export function run(command, args, {cwd, env, timeout, log}) {
    const output = fs.openSync(log, 'w');
    return new Promise((resolve, reject) => {
        const child = spawn(command, args, {cwd, env, timeout, stdio: ['ignore', output, output]});
        child.on('error', reject);
        child.on('close', (code, signal) => {
            fs.closeSync(output);
            resolve({status: code ?? signal, log: fs.readFileSync(log, 'utf8')});
        });
    });
}

const unescape = (text) =>
    text.replace(/%(0D|0A|3A|2C|25)/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));

// The annotations among the lines of a log: {level, message, file, line, ...}.
function annotations(log) {
    const found = [];
    for (const text of log.split('\n')) {
        const command = text.match(/^\s*::([a-z-]+)(?: ([^:]*))?::(.*)$/);
        if (!command) continue;
        if (!['error', 'warning', 'notice'].includes(command[1])) {
            throw new Error(`workflow command ${command[1]} is not supported: ${text}`);
        }
        const one = {level: command[1], message: unescape(command[3])};
        for (const property of (command[2] ?? '').split(',').filter(Boolean)) {
            const [, key, value] = property.match(/^([^=]*)=(.*)$/);
            one[key] = unescape(value);
        }
        found.push(one);
    }
    return found;
}

export class Job {
    // host: temporary (a folder), event, repository (the user's), repositories ({NAME: {url,
    // ref}}), base (the branch that a pull request asks for), environment, instead ({SCRIPT:
    // reason}).
    constructor(workflow, name, host) {
        this.host = host;
        this.name = name;
        const jobs = workflow.find('jobs').assertMapping('jobs');
        const all = ['runs-on', 'timeout-minutes', 'steps'];
        this.fields = fields(jobs.find(name), all, `job ${name}`);
        const {on} = fields(workflow, ['name', 'on', 'permissions', 'jobs'], 'workflow');
        const events = isScalar(on) ? [on] : [...on].map((item) => item.key ?? item);
        if (!events.map(String).includes(host.event)) throw new Error(`not run on ${host.event}`);
        this.workspace = path.join(host.temporary, 'workspace');
        this.steps = 0;
        this.log = '';
        this.summary = '';
        this.notes = [];
    }

    // {passed, log, annotations, summary, notes, workspace}
    async run() {
        const {host, workspace} = this;
        this.runner = {os: 'Linux', arch: 'X64', temp: path.join(host.temporary, 'runner')};
        fs.mkdirSync(workspace, {recursive: true});
        fs.mkdirSync(this.runner.temp);
        this.github = {
            actions: 'true',
            base_ref: host.base ?? '',
            event_name: host.event,
            job: this.name,
            ref: host.repositories[host.repository].ref,
            repository: host.repository,
            sha: '0123456789012345678901234567890123456789',
            workspace,
        };
        const contexts = {github: this.github, runner: this.runner};
        const passed = await this.runSteps(this.fields.steps, contexts, {});
        const {log, summary, notes} = this;
        return {passed, log, annotations: annotations(log), summary, notes, workspace};
    }

    async runSteps(steps, contexts, variables) {
        for (const step of steps.assertSequence('steps')) {
            const keys = ['name', 'uses', 'with', 'run', 'shell', 'env'];
            const found = fields(step, keys, 'step');
            const environment = {...variables, ...evaluateAll(found.env, contexts, 'env')};
            const passed = found.uses ? await this.use(found, contexts, environment) :
                                        await this.runScript(found, contexts, environment);
            if (!passed) return false;
        }
        return true;
    }

    async runScript(step, contexts, variables) {
        const script = evaluate(step.run, contexts);
        const reason = this.host.instead?.[script];
        if (reason) {
            this.notes.push(`'${script}' was not run: ${reason}`);
            return true;
        }
        const shell = step.shell && evaluate(step.shell, contexts);
        if (shell && shell !== 'bash') throw new Error(`shell '${shell}' is not supported`);
        if (!shell && contexts.inputs)
            throw new Error('a script of an action has to name its shell');
        const folder = path.join(this.host.temporary, `step-${++this.steps}`);
        fs.mkdirSync(folder);
        fs.writeFileSync(`${folder}/script`, script);
        const options = shell ? ['--noprofile', '--norc', '-eo', 'pipefail'] : ['-e'];
        const {status, log} = await run('bash', [...options, `${folder}/script`], {
            cwd: this.workspace,
            env: {...this.environment(folder), ...variables},
            timeout: 60000 * Number(this.fields['timeout-minutes'] ?? 60),
            log: `${folder}/log`,
        });
        this.log += log;
        this.summary += fs.readFileSync(`${folder}/STEP_SUMMARY`, 'utf8');
        for (const unread of ['ENV', 'OUTPUT', 'PATH', 'STATE']) {
            if (fs.statSync(`${folder}/${unread}`).size > 0) {
                throw new Error(`GITHUB_${unread} is not supported`);
            }
        }
        if (status !== 0) this.log += `exit status ${status}\n`;
        return status === 0;
    }

    environment(folder) {
        const all = {...this.host.environment, CI: 'true'};
        for (const [name, value] of Object.entries(this.github)) {
            all[`GITHUB_${name.toUpperCase()}`] = value;
        }
        for (const [name, value] of Object.entries(this.runner)) {
            all[`RUNNER_${name.toUpperCase()}`] = value;
        }
        for (const file of ['ENV', 'OUTPUT', 'PATH', 'STATE', 'STEP_SUMMARY']) {
            fs.writeFileSync(`${folder}/${file}`, '');
            all[`GITHUB_${file}`] = `${folder}/${file}`;
        }
        return all;
    }

    async use(step, contexts, variables) {
        const uses = evaluate(step.uses, contexts);
        const inputs = evaluateAll(step.with, contexts, 'with');
        const known = (...names) => {
            for (const name of Object.keys(inputs)) {
                if (!names.includes(name))
                    throw new Error(`${uses}: input '${name}' is not supported`);
            }
        };
        if (uses.startsWith('./')) return this.useComposite(uses, inputs, known, variables);
        if (uses === 'actions/checkout@v4') {
            known('repository', 'path', 'fetch-depth');
            return this.checkOut(inputs);
        }
        if (uses === 'actions/cache@v4') { // on a new runner it finds nothing
            known('path', 'key', 'restore-keys');
            if (!inputs.path || !inputs.key) throw new Error('actions/cache: needs path and key');
            return true;
        }
        throw new Error(`'${uses}' is not supported`);
    }

    async useComposite(uses, given, known, variables) {
        const folder = path.join(this.workspace, uses);
        const action = readAction(uses, fs.readFileSync(`${folder}/action.yml`, 'utf8'));
        const parts = fields(action, ['name', 'description', 'inputs', 'runs'], uses);
        const inputs = {};
        for (const {key, value} of parts.inputs.assertMapping('inputs')) {
            const input = fields(value, ['description', 'required', 'default'], `input ${key}`);
            const required = input.required && evaluate(input.required, {}) === 'true';
            if (required && given[key] === undefined)
                throw new Error(`${uses}: needs input '${key}'`);
            inputs[key] = given[key] ?? (input.default ? evaluate(input.default, {}) : '');
        }
        known(...Object.keys(inputs));
        const runs = fields(parts.runs, ['using', 'steps'], 'runs');
        if (evaluate(runs.using, {}) !== 'composite') throw new Error(`${uses}: is not composite`);
        const github = {...this.github, action_path: folder};
        return this.runSteps(
            runs.steps, {inputs, github, runner: this.runner},
            {...variables, GITHUB_ACTION_PATH: folder});
    }

    async checkOut(
        {repository = this.host.repository, path: into = '.', 'fetch-depth': depth = '1'}) {
        const from = this.host.repositories[repository];
        if (!from) throw new Error(`checkout of '${repository}', which this runner does not have`);
        const args = ['clone', '--quiet', '--branch', from.ref, from.url, into];
        if (depth !== '0') args.splice(1, 0, '--depth', depth);
        for (const command of [args, ['-C', into, 'checkout', '--quiet', '--detach']]) {
            const {status, log} = await run('git', command, {
                cwd: this.workspace,
                env: this.host.environment,
                log: path.join(this.host.temporary, 'git.log'),
            });
            this.log += log;
            if (status !== 0) return false;
        }
        return true;
    }
}
