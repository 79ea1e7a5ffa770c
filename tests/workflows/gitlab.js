// SPDX-License-Identifier: GPL-2.0-or-later
// Runs a job of a .gitlab-ci.yml by gitlab-ci-local, on this machine instead of in the job's image.
// As in that image the job is root.
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';

import {run} from './job.js';
import {gitEnvironment} from './tree.js';

const command = `${process.env.NODE_PACKAGES}/node_modules/.bin/gitlab-ci-local`;

// The job's clones are of `url` where it says `published`; Debian's lists of packages come to a
// folder of their own, and what is installed is not upgraded.
function settings(scratch, url, published) {
    const git = `${scratch}/gitconfig`;
    fs.writeFileSync(git, `[safe]\ndirectory = *\n[url "${url}"]\ninsteadOf = ${published}\n`);
    const apt = `${scratch}/apt.conf`;
    fs.mkdirSync(`${scratch}/lists/partial`, {recursive: true});
    fs.writeFileSync(
        apt,
        `Dir::State::lists "${scratch}/lists";\nAPT::Sandbox::User "root";\n` +
            'APT::Get::Upgrade "false";\nDPkg::Lock::Timeout "120";\n');
    return {
        ...gitEnvironment,
        GIT_CONFIG_GLOBAL: git,
        APT_CONFIG: apt,
        DEBIAN_FRONTEND: 'noninteractive'
    };
}

// user: the repository with the .gitlab-ci.yml. {status, log, folder} of gitlab-ci-local ARGS.
export async function gitlab(args, {user, detector, published, scratch, environment}) {
    const temporary = fs.mkdtempSync(`${scratch}/gitlab-`);
    const folder = `${temporary}/repository`;
    execFileSync('git', ['clone', '--quiet', user, folder], {env: environment});
    execFileSync(
        'git',
        ['-C', folder, 'remote', 'set-url', 'origin', 'https://example.org/user/captures.git']);
    const env = {...environment, ...settings(temporary, detector, published)};
    const whole = [command, '--force-shell-executor', '--home', temporary, ...args];
    if (process.getuid() !== 0) {
        env.CCACHE_DIR ??=
            execFileSync('ccache', ['--get-config', 'cache_dir'], {encoding: 'utf8'}).trim();
        env.CCACHE_READONLY = '1'; // nothing of root's among the user's objects
        whole.unshift('sudo', '--', 'env', ...Object.entries(env).map((pair) => pair.join('=')));
    }
    const result = await run(
        whole[0], whole.slice(1), {cwd: folder, env, timeout: 1800000, log: `${temporary}/log`});
    return {...result, folder};
}
