// SPDX-License-Identifier: GPL-2.0-or-later
// What the page was given: for each capture the line of `replay --json`, and figures that are not
// in it. Sources are parsed when somebody looks at them, since there can be millions.

class Capture {
    constructor(record, figures) {
        this.text = record.textContent;
        this.figures = JSON.parse(figures.textContent);
        // Quotes within a string are escaped, so that this can only be the key, and it stands last.
        const end = this.text.indexOf(',"sources":[');
        this.head = JSON.parse(`${this.text.slice(0, end)}}`);
        this.parsedSources = this.sortedBlocks = null;
    }

    get start() { return this.figures.timeline.start; }
    /** In seconds. */
    get duration() { return secondsBetween(this.start, this.figures.timeline.end); }

    get sources() {
        if (this.parsedSources === null) this.parsedSources = JSON.parse(this.text).sources;
        return this.parsedSources;
    }

    /** Blocks by frames of this capture in order of time: {offset (s), block, source}. */
    get blocks() {
        if (this.sortedBlocks !== null) return this.sortedBlocks;
        const blocks = [];
        for (const source of this.sources) {
            for (const block of source.blocks) {
                if (block.frame === null) continue;
                blocks.push({offset: secondsBetween(this.start, block.at), block, source});
            }
        }
        this.sortedBlocks = blocks.sort((one, other) => one.block.frame - other.block.frame);
        return this.sortedBlocks;
    }

    /** Of a capture that is not shown nothing but its figures is kept. */
    forget() { this.parsedSources = this.sortedBlocks = null; }
}

/** Without folders where that tells them apart. */
function setTitles(captures) {
    const baseName = (capture) => capture.head.capture.split('/').pop();
    const apart = new Set(captures.map(baseName)).size === captures.length;
    for (const capture of captures) {
        capture.title = apart ? baseName(capture) : capture.head.capture;
    }
}

function readCaptures() {
    const figures = document.querySelectorAll('script.figures');
    const captures = Array.from(
        document.querySelectorAll('script.capture'),
        (record, i) => new Capture(record, figures[i]));
    setTitles(captures);
    return captures;
}
