// SPDX-License-Identifier: GPL-2.0-or-later
// The page as a whole: which capture is shown, and the parts that are only text.

/** What became of the capture, in a sentence or two. */
function outcomeText(capture) {
    const {head, figures} = capture;
    const dry = head.options['dry-run'] ? ' (a dry run: nothing was dropped)' : '';
    if (figures.blocked_sources === 0) return `Nobody was blocked${dry}.`;
    const first = capture.blocks[0];
    if (first === undefined) {
        return `${
            plural(
                figures.blocked_sources, 'source', 'sources')} blocked before this capture${dry}.`;
    }
    const others = figures.blocked_sources - 1;
    const beside = others === 0 ?
        '' :
        ` ${plural(others, 'other source was', 'other sources were')} blocked too.`;
    const port = first.block.trigger_port === null ? '' : ` with port ${first.block.trigger_port}`;
    return `${first.source.address} was blocked at frame ${formatCount(first.block.frame)}${
               port}, ` +
        `${formatDuration(first.offset)} into the capture${dry}.${beside}`;
}

function showSummary(capture) {
    const {head, figures} = capture;
    const {pass, drop} = head.verdicts;
    const run = Object.values(head.verdicts).reduce((sum, count) => sum + count, 0);
    const tile = (name, value, note) => {
        const element = pair(name, value);
        element.lastChild.append(make('small', {}, note));
        return element;
    };
    setText('outcome', outcomeText(capture));
    byId('damage').hidden = head.damage === null;
    setText('damage', `The capture was read only in part: ${head.damage}`);
    const notRun = head.packets - run;
    byId('tiles').replaceChildren(
        tile(
            'Packets', formatCount(head.packets),
            notRun === 0 ? 'all of them run' : `${formatCount(notRun)} not run`),
        tile('Passed', formatCount(pass), formatShare(pass, run)),
        tile('Dropped', formatCount(drop), formatShare(drop, run)),
        tile(
            'Sources blocked', formatCount(figures.blocked_sources),
            `of ${formatCount(figures.sources)} that sent probes`),
        tile(
            'Duration', formatDuration(capture.duration),
            `${formatUtc(capture.start).slice(0, 19)}Z`),
        tile(
            'Latency, median', formatNanoseconds(head.latency_ns.p50),
            `99 %: ${formatNanoseconds(head.latency_ns.p99)}`));
}

function showCounters(head) {
    const entries = Object.entries(head.counters);
    const ordered = [
        ...entries.filter(([, value]) => value !== 0), ...entries.filter(([, value]) => value === 0)
    ];
    byId('counters')
        .replaceChildren(...ordered.map(
            ([name, value]) => pair(name, formatCount(value), value === 0 ? 'zero' : '')));
    const notRun = {...head.skipped, not_selected: head.not_selected, time_held: head.time_held};
    byId('skipped').replaceChildren(...Object.entries(notRun).map(
        ([name, value]) => pair(name, formatCount(value), value === 0 ? 'zero' : '')));
}

function optionText(value) {
    if (value === null) return 'default';
    if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ');
    return String(value);
}

function showRun(capture, run) {
    const {head} = capture;
    setText('command-line', run.command_line);
    byId('run-facts')
        .replaceChildren(
            pair('Capture', head.capture), pair('Kernel', head.kernel),
            pair('Object, SHA-256', head.object_sha256));
    byId('options').replaceChildren(
        ...Object.entries(head.options).map(([name,
                                              value]) => pair(`--${name}`, optionText(value))));
}

class Page {
    constructor(captures, run) {
        this.captures = captures;
        this.run = run;
        this.chosen = -1;
        this.timeline = new Timeline();
        this.latency = new Latency();
        this.table = new SourceTable((block) => this.timeline.zoomToBlock(block));
        this.listCaptures();
    }

    listCaptures() {
        const chooser = byId('chooser');
        chooser.replaceChildren(...this.captures.map(
            (capture, i) => make('option', {value: String(i)}, capture.title)));
        chooser.addEventListener('change', () => this.choose(Number(chooser.value)));
        byId('previous-capture').addEventListener('click', () => this.choose(this.chosen - 1));
        byId('next-capture').addEventListener('click', () => this.choose(this.chosen + 1));
        byId('capture-rows')
            .replaceChildren(...this.captures.map((capture, i) => this.row(capture, i)));
        byId('captures').hidden = this.captures.length < 2;
    }

    row(capture, index) {
        const {head, figures} = capture;
        const button = make('button', {type: 'button'}, capture.title);
        button.addEventListener('click', () => this.choose(index));
        const drops = make(
            'span', {className: head.verdicts.drop === 0 ? '' : 'drops'},
            formatCount(head.verdicts.drop));
        return make(
            'tr', {}, cell('', button), cell('number', formatCount(head.packets)),
            cell('number', formatCount(head.verdicts.pass)), cell('number', drops),
            cell('number', formatCount(figures.blocked_sources)),
            cell('number', formatDuration(capture.duration)),
            cell('number', formatNanoseconds(head.latency_ns.p50)),
            cell('number', formatNanoseconds(head.latency_ns.p99)));
    }

    choose(index) {
        if (this.chosen >= 0) this.captures[this.chosen].forget();
        this.chosen = index;
        const capture = this.captures[index];
        byId('chooser').value = String(index);
        byId('previous-capture').disabled = index === 0;
        byId('next-capture').disabled = index === this.captures.length - 1;
        Array.from(
            byId('capture-rows').children,
            (row, i) => row.setAttribute('aria-current', String(i === index)));
        document.title = `Port-scan replay: ${capture.title}`;
        setText(
            'summary-title',
            this.captures.length < 2 ? capture.title : `Summary of ${capture.title}`);
        showSummary(capture);
        this.timeline.show(capture);
        this.table.show(capture);
        this.latency.show(capture);
        showCounters(capture.head);
        showRun(capture, this.run);
    }
}

function start() {
    const run = JSON.parse(byId('run').textContent);
    const captures = readCaptures();
    document.querySelector('main').hidden = false;
    showFailures(
        `${plural(run.failures.length, 'input', 'inputs')} could not be read`, run.failures);
    if (captures.length === 0) {
        for (const section of document.querySelectorAll('section')) section.hidden = true;
    } else {
        const {head} = captures[0];
        setText(
            'ran-on',
            `detector ${head.object_sha256.slice(0, 12)}, kernel ${head.kernel}, ` +
                plural(captures.length, 'capture', 'captures'));
        new Page(captures, run).choose(0);
    }
    byId('notice').remove();
}

start();
