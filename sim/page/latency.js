// SPDX-License-Identifier: GPL-2.0-or-later
// The histogram of latencies, over a logarithmic axis: x is the binary logarithm of nanoseconds.

/** A bar holds values above `from` and up to `to`: eight bars for each power of two. */
function barOf([upTo, count]) {
    const bits = Math.floor(Math.log2(Math.max(upTo, 1))) + 1;
    const width = 2 ** Math.max(bits - 4, 0);
    return {from: Math.max(upTo - width, 0), to: upTo, count};
}

const barStart = (bar) => Math.log2(bar.from + 1);
const barEnd = (bar) => Math.log2(bar.to + 1);

function latencyTicks(from, to, pixels) {
    const ticks = [];
    const digits = (to - from) * 90 > pixels ? [1] : [1, 2, 5];
    for (let power = 1; power <= 1e18; power *= 10) {
        for (const digit of digits) {
            const v = Math.log2(digit * power);
            if (v >= from && v <= to) ticks.push({v, label: formatNanoseconds(digit * power)});
        }
    }
    return ticks;
}

/** Powers of ten on the axis of counts. */
function powerTicks(from, to) {
    const ticks = [];
    for (let power = 1; power <= to; power *= 10) ticks.push({v: power, label: formatCount(power)});
    return ticks;
}

function drawBars(plot, bars) {
    const context = plot.drawingContext, chart = plot.dygraph;
    const bottom = plot.plotArea.y + plot.plotArea.h;
    context.fillStyle = plot.color;
    for (const bar of bars) {
        const left = chart.toDomXCoord(barStart(bar)), right = chart.toDomXCoord(barEnd(bar));
        const top = chart.toDomYCoord(bar.count);
        context.fillRect(left + 0.5, top, Math.max(right - left - 1, 1), bottom - top);
    }
}

class Latency {
    constructor() {
        this.element = byId('latency');
        this.chart = null;
        byId('latency-logarithmic').addEventListener('change', () => this.show(this.capture));
        whenColoursChange((width) => {
            if (this.chart !== null) redrawChart(this.chart, this.element, width, this.colours());
        });
    }

    colours() { return {...commonChartOptions(), colors: [colour('passed')]}; }

    show(capture) {
        if (this.chart !== null) this.chart.destroy();
        this.chart = null;
        this.capture = capture;
        const latency = capture.head.latency_ns;
        const bars = latency.histogram.map(barOf);
        this.percentiles = [
            ['p50', latency.p50], ['p90', latency.p90], ['p99', latency.p99],
            ['p99.9', latency.p999], ['max', latency.max]
        ];
        byId('percentile-names')
            .replaceChildren(...this.percentiles.map(
                ([name]) => make('th', {scope: 'col', className: 'number'}, name)));
        byId('percentile-values')
            .replaceChildren(...this.percentiles.map(
                ([, value]) => cell('number', value === null ? '–' : `${formatCount(value)} ns`)));
        const program = latency.program === 'rewritten' ?
            'The program read the capture\'s clock (--clock capture).' :
            'The program ran exactly as loaded (--clock wall).';
        const empty = latency.empty === null ? '' :
                                               ` An empty program over the same frames: ${
                                                   formatCount(latency.empty.p50)} ns at p50, ` +
                `${formatCount(latency.empty.p99)} ns at p99.`;
        setText('latency-program', program + empty);
        this.element.replaceChildren();
        this.element.removeAttribute('style');
        if (bars.length === 0)
            this.element.textContent = 'No packet was run.';
        else
            this.draw(bars);
    }

    draw(bars) {
        const logarithmic = byId('latency-logarithmic').checked;
        const most = Math.max(...bars.map((bar) => bar.count));
        const from = barStart(bars[0]), to = barEnd(bars.at(-1));
        const space = Math.max((to - from) * 0.03, 0.1);
        const rows = bars.map((bar) => [(barStart(bar) + barEnd(bar)) / 2, bar.count]);
        this.chart = new Dygraph(this.element, rows, {
            ...this.colours(),
            labels: ['latency', 'packets'],
            plotter: (plot) => {
                drawBars(plot, bars);
                this.markPercentiles(plot);
            },
            logscale: logarithmic,
            valueRange: logarithmic ? [0.5, most * 4] : [0, most * 1.2],
            dateWindow: [from - space, to + space],
            highlightCircleSize: 0,
            axes: {
                x: {ticker: latencyTicks, axisLabelWidth: 60},
                y: {
                    axisLabelWidth: 64,
                    ...(logarithmic ? {ticker: powerTicks} : {axisLabelFormatter: countLabel}),
                },
            },
        });
    }

    markPercentiles(plot) {
        const marks = new VerticalMarks(plot, colour('block'), []);
        for (const [name, value] of this.percentiles) {
            marks.add(plot.dygraph.toDomXCoord(Math.log2(value + 0.5)), name);
        }
        marks.draw();
    }
}
