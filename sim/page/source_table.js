// SPDX-License-Identifier: GPL-2.0-or-later
// The table of sources, a page of rows at a time.

/** A port list in order, and the one that was too many. */
function portsText(source) {
    const ports = source.ports.join(', ');
    const block = source.blocks.at(-1);
    if (!block || block.trigger_port === null) return ports;
    return `${ports} then ${block.trigger_port}`;
}

function blockText(block) {
    const where =
        block.frame === null ? 'before this capture' : `frame ${formatCount(block.frame)}`;
    const until = block.until === null ? '' : `, until ${formatUtc(block.until)}`;
    const port = block.trigger_port === null ? '' : `, port ${block.trigger_port}`;
    return `${where}, ${formatUtc(block.at)}${port}${until}`;
}

/** A time, without its date where that is the day of the capture's start. */
function timeCell(time, context) {
    const text = formatUtc(time);
    const short = text.startsWith(context.day) ? text.slice(11) : text;
    return make('td', {className: 'time', title: text}, short);
}

function frameCell(source, {zoomToBlock}) {
    const block = firstBlock(source);
    if (block === null) return cell('number', '');
    if (block.frame === null) return cell('number', 'earlier');
    const button =
        make('button', {type: 'button', title: 'show on the timeline'}, formatCount(block.frame));
    button.addEventListener('click', () => zoomToBlock(block));
    return cell('number', button);
}

function blockTimeCell(source, context) {
    const block = firstBlock(source);
    if (block === null) return cell('time', '');
    const result = timeCell(block.at, context);
    if (source.blocks.length > 1) {
        result.append(make(
            'details', {}, make('summary', {}, plural(source.blocks.length, 'block', 'blocks')),
            make('ul', {}, ...source.blocks.map((one) => make('li', {}, blockText(one))))));
    }
    return result;
}

/** A list of ports, or how many. */
function portsOrCount(value) {
    if (value === undefined || value === null) return '';
    return Array.isArray(value) ? value.join(', ') : formatCount(value);
}

/** `field`: the column is only there where sources have it. */
const sourceColumns = [
    {
        title: 'Source',
        key: (source) => addressKey(source.address),
        cell: (source) => cell('address', source.address)
    },
    {
        title: 'Host',
        field: 'host',
        key: (source) => addressKey(source.host || ''),
        cell: (source) => cell('address', source.host || '')
    },
    {
        title: 'State',
        key: stateOf,
        cell: (source) => cell('', source.blocked ? 'blocked' : stateOf(source))
    },
    {
        title: 'First seen',
        key: (source) => timeKey(source.first_seen),
        cell: (source, context) => timeCell(source.first_seen, context)
    },
    {
        title: 'Ports in order',
        key: (source) => source.ports.length,
        cell: (source) => cell('', portsText(source))
    },
    {title: 'Blocked at frame', number: true, key: frameKey, cell: frameCell},
    {title: 'Time of the block', key: blockTimeKey, cell: blockTimeCell},
    {
        title: 'Probes',
        number: true,
        key: (source) => source.probes,
        cell: (source) => cell('number', formatCount(source.probes))
    },
    {
        title: 'Dropped',
        number: true,
        key: (source) => source.dropped,
        cell: (source) => cell(
            'number',
            source.dropped === 0 ? '0' :
                                   make('span', {className: 'drops'}, formatCount(source.dropped)))
    },
    {
        title: 'Got through',
        number: true,
        key: passedOf,
        cell: (source) => cell('number', formatCount(passedOf(source)))
    },
    {
        title: 'Ports that got through',
        field: 'passed_probes',
        key: (source) => sizeOf(source.passed_probes),
        cell: (source) => cell('', portsOrCount(source.passed_probes))
    },
    {
        title: 'Answered',
        field: 'answered',
        key: (source) => sizeOf(source.answered),
        cell: (source) => cell('', portsOrCount(source.answered))
    },
    {
        title: 'Likely honest',
        field: 'likely_honest',
        key: (source) => (source.likely_honest ? 0 : 1),
        cell: (source) => cell('', source.likely_honest ? source.likely_honest_reason : '')
    },
];

class SourceTable {
    constructor(zoomToBlock) {
        this.context = {zoomToBlock, day: ''};
        this.page = 0;
        const again = (change) => () => {
            change();
            this.page = 0;
            this.select();
        };
        byId('search').addEventListener('input', again(() => {
                                            this.list.search = byId('search').value;
                                        }));
        byId('which').addEventListener('change', again(() => {
                                           this.list.kind = byId('which').value;
                                       }));
        byId('page-size').addEventListener('change', again(() => {}));
        byId('sources-form').addEventListener('submit', (event) => event.preventDefault());
        const turn = (id, target) => byId(id).addEventListener('click', () => {
            this.page = target();
            this.showPage();
        });
        turn('first-page', () => 0);
        turn('previous-page', () => this.page - 1);
        turn('next-page', () => this.page + 1);
        turn('last-page', () => this.pages() - 1);
        addEventListener('keydown', (event) => {
            if (event.key !== '/' || event.target.matches('input, select')) return;
            event.preventDefault();
            byId('search').focus();
        });
    }

    show(capture) {
        this.list = new SourceList(capture.sources);
        this.list.search = byId('search').value;
        this.list.kind = byId('which').value;
        this.context.day = formatUtc(capture.start).slice(0, 10);
        this.omitted = capture.head.sources_omitted;
        this.columns = sourceColumns.filter(
            ({field}) => !field || capture.sources.some((source) => field in source));
        byId('sources-head').replaceChildren(...this.columns.map((column) => this.heading(column)));
        this.page = 0;
        this.select();
    }

    heading(column) {
        const button = make('button', {type: 'button'}, column.title);
        const element =
            make('th', {scope: 'col', className: column.number ? 'number' : ''}, button);
        button.addEventListener('click', () => {
            this.sortBy(column, element);
        });
        return element;
    }

    /** The second time the other way round, the third time as reported. */
    sortBy(column, element) {
        const list = this.list;
        const same = list.sortKey === column.key;
        if (same && list.descending) {
            list.sortKey = null;
        } else {
            list.descending = same;
            list.sortKey = column.key;
        }
        for (const other of byId('sources-head').children) other.removeAttribute('aria-sort');
        if (list.sortKey !== null) {
            element.setAttribute('aria-sort', list.descending ? 'descending' : 'ascending');
        }
        this.page = 0;
        this.select();
    }

    select() {
        this.rows = this.list.selected();
        this.showPage();
    }

    size() { return Number(byId('page-size').value); }
    pages() { return Math.max(1, Math.ceil(this.rows.length / this.size())); }

    showPage() {
        const first = this.page * this.size();
        const rows = this.rows.slice(first, first + this.size());
        byId('sources-rows')
            .replaceChildren(...rows.map(
                (source) => make(
                    'tr', {}, ...this.columns.map((column) => column.cell(source, this.context)))));
        this.describe(first, rows.length);
        const last = this.pages() - 1;
        setText('page-number', `page ${formatCount(this.page + 1)} of ${formatCount(last + 1)}`);
        byId('first-page').disabled = byId('previous-page').disabled = this.page === 0;
        byId('last-page').disabled = byId('next-page').disabled = this.page === last;
    }

    describe(first, shown) {
        const all = this.list.sources.length;
        const parts = [];
        if (this.rows.length !== all) parts.push(`${formatCount(this.rows.length)} of`);
        parts.push(plural(all, 'source', 'sources'));
        if (shown !== 0)
            parts.push(`· rows ${formatCount(first + 1)} to ${formatCount(first + shown)}`);
        if (this.omitted !== 0) {
            parts.push(
                `· ${formatCount(this.omitted)} that were never blocked are left out: ` +
                'raise --report-sources');
        }
        setText('sources-count', parts.join(' '));
    }
}
