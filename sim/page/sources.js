// SPDX-License-Identifier: GPL-2.0-or-later
// Which sources are shown, in which order. Pure functions on arrays, fast enough for a million.

/** An address as text that sorts as addresses do: IPv4 first. */
function addressKey(address) {
    const [host, length = ''] = address.split('/');
    if (!host.includes(':')) {
        return `4${host.split('.').map((part) => part.padStart(3, '0')).join('')}`;
    }
    const [head, tail] = host.split('::').map((half) => (half === '' ? [] : half.split(':')));
    const groups = tail === undefined ?
        head :
        [...head, ...Array(8 - head.length - tail.length).fill('0'), ...tail];
    return `6${groups.map((group) => group.padStart(4, '0')).join('')}${length.padStart(3, '0')}`;
}

/** As text that sorts as times do: the whole seconds have no leading zeros. */
const timeKey = (time) => time.padStart(22, '0');

const firstBlock = (source) => (source.blocks.length === 0 ? null : source.blocks[0]);

/** A frame before all: of an earlier capture; nothing at all: after all. */
function frameKey(source) {
    const block = firstBlock(source);
    if (block === null) return Infinity;
    return block.frame === null ? 0 : block.frame;
}

/** Nothing at all: after all. */
function blockTimeKey(source) {
    const block = firstBlock(source);
    return block === null ? '~' : timeKey(block.at);
}

/** How much there is in a field that may be a number or a list. */
function sizeOf(value) {
    if (Array.isArray(value)) return value.length;
    return typeof value === 'number' ? value : -1;
}

const stateOf = (source) => (source.state === null ? 'no record' : source.state);
const passedOf = (source) => source.packets - source.dropped;

/** Everything a word of the search is looked for in; ports are told by spaces around them. */
function searchText(source) {
    const triggers = source.blocks.map((block) => block.trigger_port);
    const words = [
        source.address, source.host || '', stateOf(source),
        source.blocks.length === 0 ? '' : 'blocked', ...source.ports, ...triggers
    ];
    return ` ${words.join(' ').toLowerCase()} `;
}

/** A number is a port or the begin of an address, other words are parts of anything. */
function matches(text, words) {
    return words.every(
        (word) =>
            (/^\d+$/.test(word) ? text.includes(` ${word} `) || text.startsWith(` ${word}.`) ||
                     text.startsWith(` ${word}:`) :
                                  text.includes(word)));
}

const kindTests = {
    all: () => true,
    ever: (source) => source.blocks.length !== 0,
    now: (source) => source.blocked,
    never: (source) => source.blocks.length === 0,
};

/** The sources of one capture, and what of them is wanted. */
class SourceList {
    constructor(sources) {
        this.sources = sources;
        this.texts = null; // made for the first search
        this.kind = 'all';
        this.search = '';
        this.sortKey = null; // null: as reported
        this.descending = false;
    }

    /** Those that are wanted, in order. */
    selected() {
        const words = this.search.toLowerCase().split(/\s+/).filter((word) => word !== '');
        if (words.length !== 0 && this.texts === null) this.texts = this.sources.map(searchText);
        const wanted = kindTests[this.kind];
        const indices = [];
        for (let i = 0; i < this.sources.length; ++i) {
            if (wanted(this.sources[i]) && (words.length === 0 || matches(this.texts[i], words))) {
                indices.push(i);
            }
        }
        return this.sorted(indices).map((i) => this.sources[i]);
    }

    /** Ties stay as reported. */
    sorted(indices) {
        if (this.sortKey === null) return indices;
        const keys = new Array(this.sources.length);
        for (const i of indices) keys[i] = this.sortKey(this.sources[i]);
        const sign = this.descending ? -1 : 1;
        return indices.sort((one, other) => {
            if (keys[one] < keys[other]) return -sign;
            return keys[one] > keys[other] ? sign : one - other;
        });
    }
}
