// SPDX-License-Identifier: GPL-2.0-or-later
// The chart of packets over time. Its axis is seconds since the first record, so that it can be
// zoomed down to microseconds.

const tickSteps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400];

/** The distance of ticks: at least `least` seconds, and round. */
function tickStep(least) {
    if (least > tickSteps.at(-1)) return Math.ceil(least / 86400) * 86400;
    if (least >= 1) return tickSteps.find((step) => step >= least);
    const power = 10 ** Math.floor(Math.log10(least));
    return [1, 2, 5, 10].map((digit) => digit * power).find((step) => step >= least * 0.999);
}

function offsetLabel(offset, step, end) {
    const decimals = (unit) => Math.max(0, -Math.floor(Math.log10(step / unit) + 1e-9));
    const units = [[1e-6, 'µs', 1e-3], [1e-3, 'ms', 1], [1, 's', 120]];
    for (const [unit, name, below] of units) {
        if (end < below) return `${(offset / unit).toFixed(decimals(unit))} ${name}`;
    }
    return formatClock(offset, decimals(1));
}

function timeTicks(from, to, pixels) {
    const step = tickStep((to - from) / Math.max(1, pixels / 100));
    const ticks = [];
    for (let i = Math.ceil(from / step - 1e-9); i * step <= to; ++i) {
        ticks.push({v: i * step, label: offsetLabel(i * step, step, to)});
    }
    return ticks;
}

/**
 * Bars at least a pixel wide, so that a single packet among thousands of bins is seen. The first
 *  series is stacked on the others, and drawn before them.
 */
function drawBins(plot, bin) {
    const context = plot.drawingContext;
    const bottom = plot.plotArea.y + plot.plotArea.h;
    const width = plot.dygraph.toDomXCoord(bin) - plot.dygraph.toDomXCoord(0);
    context.fillStyle = plot.color;
    for (const {yval, canvasx, canvasy} of plot.points) {
        if (!(yval > 0)) continue;
        const left = Math.round(canvasx), right = Math.round(canvasx + width); // no seams
        context.fillRect(left, canvasy, Math.max(right - left, 1), bottom - canvasy);
    }
}

class Timeline {
    constructor() {
        this.element = byId('timeline');
        this.chart = null;
        for (const button of document.querySelectorAll('[data-zoom]')) {
            button.addEventListener('click', () => this.move(button.dataset.zoom));
        }
        const keys = {
            '+': 'in',
            '=': 'in',
            '-': 'out',
            'ArrowLeft': 'left',
            'ArrowRight': 'right',
            'Home': 'all'
        };
        this.element.addEventListener('keydown', (event) => {
            if (!(event.key in keys) || event.ctrlKey || event.altKey || event.metaKey) return;
            event.preventDefault();
            this.move(keys[event.key]);
        });
        whenColoursChange((width) => {
            if (this.chart !== null) redrawChart(this.chart, this.element, width, this.colours());
        });
    }

    show(capture) {
        if (this.chart !== null) this.chart.destroy();
        const {bin_ns, passed, dropped} = capture.figures.timeline;
        this.capture = capture;
        this.blocks = capture.blocks;
        this.bin = bin_ns / 1e9;
        this.end = Math.max(passed.length, 1) * this.bin;
        const rows = passed.map((count, i) => [i * this.bin, count, dropped[i]]);
        rows.push([this.end, 0, 0]);
        setText('timeline-bin', `packets in each ${formatDuration(this.bin)}`);
        this.element.removeAttribute('style');
        this.chart = new Dygraph(this.element, rows, {
            ...this.colours(),
            labels: ['time', 'passed', 'dropped'],
            stackedGraph: true,
            plotter: (plot) => this.draw(plot),
            includeZero: true,
            highlightCircleSize: 0,
            showRangeSelector: true,
            interactionModel: Dygraph.defaultInteractionModel, // a range selector makes it panning
            rangeSelectorHeight: 34,
            axes: {
                x: {ticker: timeTicks, axisLabelWidth: 90},
                y: {axisLabelFormatter: countLabel, axisLabelWidth: 64},
            },
            dateWindow: [0, this.end],
            highlightCallback: (event, x) => this.describe(x),
            unhighlightCallback: () => setText('timeline-point', '\u00a0'),
            drawCallback: (chart) => this.describeWindow(chart),
        });
    }

    colours() { return {...commonChartOptions(), colors: [colour('passed'), colour('dropped')]}; }

    /** Blocks from one offset to another, the second excluded. */
    blocksWithin(from, to) {
        return this.blocks.filter(({offset}) => offset >= from && offset < to);
    }

    /** A series; after the last one the blocks, so that nothing covers them. */
    draw(plot) {
        drawBins(plot, this.bin);
        if (plot.seriesIndex !== plot.seriesCount - 1) return;
        const [from, to] = plot.dygraph.xAxisRange();
        const marks = new VerticalMarks(plot, colour('block'), [4, 3]);
        for (const {offset, source} of this.blocksWithin(from, to)) {
            marks.add(plot.dygraph.toDomXCoord(offset), source.address);
        }
        marks.draw();
    }

    /** What the bin under the pointer holds. */
    describe(x) {
        const {timeline} = this.capture.figures;
        const bin = Math.min(Math.round(x / this.bin), timeline.passed.length - 1);
        const from = bin * this.bin;
        const blocks = this.blocksWithin(from, from + this.bin);
        const named = blocks.slice(0, 3).map(
            ({block, source}) => `${source.address} blocked at frame ${block.frame}`);
        const others = blocks.length - named.length;
        if (others !== 0) named.push(plural(others, 'more block', 'more blocks'));
        setText('timeline-point', [
            formatUtc(laterBy(this.capture.start, from)),
            `${formatCount(timeline.passed[bin])} passed`,
            `${formatCount(timeline.dropped[bin])} dropped`,
            ...named,
        ].join(' · '));
    }

    describeWindow(chart) {
        const [from, to] = chart.xAxisRange();
        const element = byId('timeline-window');
        const step = (to - from) / 1000;
        element.textContent =
            `Shown: ${offsetLabel(from, step, to)} to ${offsetLabel(to, step, to)}` +
            ` after ${formatUtc(this.capture.start)}, ` +
            plural(this.blocksWithin(from, to).length, 'block', 'blocks');
        element.dataset.from = from;
        element.dataset.to = to;
    }

    /** From `from` on, `span` seconds, kept within the capture and not below four bins. */
    zoomTo(from, span) {
        const width = Math.min(Math.max(span, 4 * this.bin), this.end);
        const left = Math.min(Math.max(from, 0), this.end - width);
        this.chart.updateOptions({dateWindow: [left, left + width], valueRange: null});
    }

    move(how) {
        const [from, to] = this.chart.xAxisRange();
        const span = to - from;
        switch (how) {
            case 'in':
                return this.zoomTo(from + span / 4, span / 2);
            case 'out':
                return this.zoomTo(from - span / 2, span * 2);
            case 'left':
                return this.zoomTo(from - span / 5, span);
            case 'right':
                return this.zoomTo(from + span / 5, span);
            default:
                return this.zoomTo(0, this.end);
        }
    }

    /** Shows a block, with some of what was before and after it. */
    zoomToBlock(block) {
        const offset = secondsBetween(this.capture.start, block.at);
        const span = Math.max(this.end / 50, 40 * this.bin);
        this.zoomTo(offset - span / 2, span);
        this.element.scrollIntoView({block: 'center'});
        this.element.focus({preventScroll: true});
    }
}
