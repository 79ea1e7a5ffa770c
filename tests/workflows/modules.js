// SPDX-License-Identifier: GPL-2.0-or-later
// Hooks of node: the packages are taken from the folder NODE_PACKAGES, since nothing is installed
// into the tree; and their imports of JSON, written for a bundler, work without one.
import {readFile} from 'node:fs/promises';
import {register} from 'node:module';
import {pathToFileURL} from 'node:url';
import {isMainThread} from 'node:worker_threads';

if (isMainThread) register(import.meta.url);

const packages = pathToFileURL(`${process.env.NODE_PACKAGES}/`).href;

export function resolve(name, context, next) {
    return next(name, name.startsWith('@actions/') ? {...context, parentURL: packages} : context);
}

export async function load(url, context, next) {
    if (!url.endsWith('.json')) return next(url, context);
    const source = `export default ${await readFile(new URL(url), 'utf8')}`;
    return {format: 'module', source, shortCircuit: true};
}
