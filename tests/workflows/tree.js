// SPDX-License-Identifier: GPL-2.0-or-later
// The tree under test, as repositories from which jobs clone it, and the examples of its documents.
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

export const root = path.resolve(new URL('../..', import.meta.url).pathname);

// A user's settings stay out, and what a script wrote into GIT_* variables.
export const gitEnvironment = {
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_AUTHOR_NAME: 'test',
    GIT_AUTHOR_EMAIL: 'test@example.org',
    GIT_COMMITTER_NAME: 'test',
    GIT_COMMITTER_EMAIL: 'test@example.org',
};

function git(...args) {
    const env = {PATH: process.env.PATH, ...gitEnvironment};
    return execFileSync('git', args, {env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit']});
}

// A repository whose branch main is the folder's content, committed or not, without what is
// ignored.
export function repositoryOf(folder, repository) {
    git('init', '--quiet', '--bare', '--initial-branch=main', repository);
    const tree = [`--git-dir=${repository}`, `--work-tree=${folder}`];
    git(...tree, 'add', '--all');
    git(...tree, 'commit', '--quiet', '--message=The tree under test');
    return `file://${repository}`;
}

// Adds a branch to it, in which `change` has changed the files of a folder.
export function addBranch(url, branch, scratch, change) {
    const folder = `${scratch}/${branch}`;
    git('clone', '--quiet', url, folder);
    change(folder);
    git('-C', folder, 'checkout', '--quiet', '-b', branch);
    git('-C', folder, 'commit', '--quiet', '--all', `--message=${branch}`);
    git('-C', folder, 'push', '--quiet', 'origin', branch);
}

// The one indented block of a page that has a line beginning with `sign`.
export function example(page, sign) {
    const blocks = [];
    let open = false;
    for (const line of fs.readFileSync(path.join(root, page), 'utf8').split('\n')) {
        const code = line.startsWith('    ');
        if (code && !open) blocks.push([]);
        open = code || (open && line === '');
        if (open) blocks.at(-1).push(line.slice(4));
    }
    const found = blocks.filter((lines) => lines.some((line) => line.startsWith(sign)));
    if (found.length !== 1)
        throw new Error(`${page}: ${found.length} examples with '${sign}', not 1`);
    return `${found[0].join('\n').trimEnd()}\n`;
}
