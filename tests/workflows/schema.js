// SPDX-License-Identifier: GPL-2.0-or-later
// Workflows and actions as GitHub reads them: its parser, its schema, its expressions.
import {data, Evaluator, Lexer, Parser} from '@actions/expressions';
import * as workflows from '@actions/workflow-parser';
import {convertActionTemplate, parseAction} from '@actions/workflow-parser/actions/index';

const {isBasicExpression, isMapping, isScalar, isSequence} = workflows;
const trace = new workflows.NoOperationTraceWriter();

function refuse(name, context) {
    const errors = context.errors.getErrors();
    if (errors.length > 0) {
        throw new Error(errors.map((error) => `${name}: ${error.message}`).join('\n'));
    }
}

// The tokens of a workflow; what the schema refuses is thrown.
export async function readWorkflow(name, content) {
    const {context, value} = workflows.parseWorkflow({name, content}, trace);
    refuse(name, context);
    await workflows.convertWorkflowTemplate(context, value);
    refuse(name, context);
    return value;
}

export function readAction(name, content) {
    const {context, value} = parseAction({name, content}, trace);
    refuse(name, context);
    convertActionTemplate(context, value);
    refuse(name, context);
    return value;
}

// The values of a mapping by their keys. A key that is not among `supported` is an error: what a
// run would leave out was not tested.
export function fields(token, supported, what) {
    const found = {};
    if (token === undefined) return found;
    for (const {key, value} of token.assertMapping(what)) {
        if (!supported.includes(key.toString()))
            throw new Error(`${what}: '${key}' is not supported`);
        found[key] = value;
    }
    return found;
}

// GitHub takes '' for what a context lacks, which hides a misspelt name.
class Context extends data.Dictionary {
    get(key) {
        const value = super.get(key);
        if (value === undefined) throw new Error(`no '${key}' among ${this.keys.join(', ')}`);
        return value;
    }
}

function context(values) {
    return new Context(...Object.entries(values).map(
        ([key, value]) => ({
            key,
            value: typeof value === 'object' ? context(value) : new data.StringData(value),
        })));
}

// The scripts of steps, wherever they stand.
export function scripts(token) {
    if (isSequence(token)) return [...token].flatMap(scripts);
    if (!isMapping(token)) return [];
    return [...token].flatMap(
        ({key, value}) => `${key}` === 'run' ? [value.toString()] : scripts(value));
}

// The text of a scalar; `contexts` are what its expressions may name: {github: {sha: '...'}}.
export function evaluate(token, contexts) {
    if (!isScalar(token)) throw new Error(`not a scalar: ${JSON.stringify(token)}`);
    if (!isBasicExpression(token)) return token.toString();
    const {tokens} = new Lexer(token.expression).lex();
    const tree = new Parser(tokens, Object.keys(contexts), []).parse();
    return new Evaluator(tree, context(contexts)).evaluate().coerceString();
}

export function evaluateAll(token, contexts, what) {
    const values = {};
    if (token === undefined) return values;
    for (const {key, value} of token.assertMapping(what)) values[key] = evaluate(value, contexts);
    return values;
}
