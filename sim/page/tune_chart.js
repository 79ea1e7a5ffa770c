// SPDX-License-Identifier: GPL-2.0-or-later
// Settings as points: to the right the honest sources that they wrong, upwards what is chosen.

const measures = [
    {title: 'scanners caught', of: (setting) => setting.caught},
    {title: 'probes of scanners that got in', of: (setting) => setting.probes_passed},
    {title: 'probes before the block, median', of: (setting) => setting.probes_before_block.median},
    {title: 'packets of honest sources dropped', of: (setting) => setting.honest_packets_dropped},
];

/** Settings at one place: {x, y, settings}, from left to right; without those that have no y. */
function pointsOf(settings, measure) {
    const places = new Map();
    for (const setting of settings) {
        const x = setting.wronged, y = measure.of(setting);
        if (y === null) continue;
        const key = `${x} ${y}`;
        if (!places.has(key)) places.set(key, {x, y, settings: []});
        places.get(key).settings.push(setting);
    }
    return Array.from(places.values()).sort((one, other) => one.x - other.x || one.y - other.y);
}

/** With some room around them. */
function rangeOf(values) {
    const least = Math.min(...values, 0), most = Math.max(...values, 1);
    const room = (most - least) * 0.08;
    return [least - room, most + room];
}

/** Round whole numbers, some 60 pixels apart. */
function wholeTicks(from, to, pixels) {
    const least = Math.max(1, (to - from) * 60 / pixels);
    const power = 10 ** Math.floor(Math.log10(least));
    const step = [1, 2, 5, 10].map((digit) => digit * power).find((one) => one >= least);
    const ticks = [];
    for (let v = Math.max(0, Math.ceil(from / step)) * step; v <= to; v += step) {
        ticks.push({v, label: formatCount(v)});
    }
    return ticks;
}

class TuneChart {
    /** `choose` is given a setting. */
    constructor(settings, recommended, choose) {
        Object.assign(this, {settings, recommended, choose, chart: null, current: 0});
        this.element = byId('tuning-chart');
        byId('measure').replaceChildren(
            ...measures.map(({title}, i) => make('option', {value: String(i)}, title)));
        byId('measure').addEventListener('change', () => this.show());
        this.element.addEventListener('mousemove', (event) => this.goTo(this.nearest(event)));
        this.element.addEventListener('click', () => this.take());
        this.element.addEventListener('keydown', (event) => {
            const steps = {ArrowLeft: -1, ArrowRight: 1};
            if (event.ctrlKey || event.altKey || event.metaKey) return;
            if (event.key in steps) this.goTo(this.current + steps[event.key]);
            if (event.key === 'Enter') this.take();
            if (event.key in steps || event.key === 'Enter') event.preventDefault();
        });
        whenColoursChange((width) => {
            if (this.chart !== null)
                redrawChart(this.chart, this.element, width, commonChartOptions());
        });
        this.show();
    }

    show() {
        if (this.chart !== null) this.chart.destroy();
        this.chart = null;
        const measure = measures[Number(byId('measure').value)];
        this.points = pointsOf(this.settings, measure);
        this.element.replaceChildren();
        if (this.points.length === 0) {
            this.element.textContent = 'No setting blocks a scanner.';
            setText('tuning-point', '\u00a0');
            return;
        }
        this.measure = measure;
        this.chart = new Dygraph(this.element, this.points.map(({x, y}) => [x, y]), {
            ...commonChartOptions(),
            labels: ['wronged', measure.title],
            xlabel: 'honest sources wronged',
            plotter: (plot) => this.draw(plot),
            interactionModel: {},
            highlightCircleSize: 0,
            dateWindow: rangeOf(this.points.map(({x}) => x)),
            valueRange: rangeOf(this.points.map(({y}) => y)),
            axes: {
                x: {ticker: wholeTicks},
                y: {ticker: wholeTicks, axisLabelWidth: 64},
            },
        });
        this.goTo(this.points.findIndex((point) => this.isRecommended(point)));
    }

    isRecommended({settings}) { return settings.includes(this.recommended); }

    colourOf(point) {
        if (this.isRecommended(point)) return colour('block');
        const best = point.settings.some((one) => one.frontier || one.same_as !== null);
        return colour(best ? 'passed' : 'muted');
    }

    draw(plot) {
        const context = plot.drawingContext;
        this.points.forEach((point, i) => {
            const x = plot.dygraph.toDomXCoord(point.x), y = plot.dygraph.toDomYCoord(point.y);
            const radius = 4 + Math.log2(point.settings.length);
            context.beginPath();
            context.arc(x, y, radius, 0, 2 * Math.PI);
            context.fillStyle = this.colourOf(point);
            context.fill();
            if (i !== this.current) return;
            context.beginPath();
            context.arc(x, y, radius + 4, 0, 2 * Math.PI);
            context.strokeStyle = colour('text');
            context.lineWidth = 1.5;
            context.stroke();
        });
    }

    nearest(event) {
        if (this.chart === null) return -1;
        const [left, top] = this.chart.eventToDomCoords(event);
        const distances = this.points.map(
            ({x, y}) =>
                Math.hypot(this.chart.toDomXCoord(x) - left, this.chart.toDomYCoord(y) - top));
        return distances.indexOf(Math.min(...distances));
    }

    goTo(index) {
        if (this.chart === null || index < 0 || index >= this.points.length) return;
        this.current = index;
        const {x, y, settings} = this.points[index];
        const named = settings.includes(this.recommended) ? this.recommended : settings[0];
        const others = settings.length - 1;
        setText('tuning-point', [
            `${plural(x, 'honest source', 'honest sources')} wronged`,
            `${this.measure.title}: ${formatCount(y)}`,
            named.setting + (others === 0 ? '' : ` and ${formatCount(others)} more`),
        ].join(' · '));
        this.chart.updateOptions({}); // the ring
    }

    take() {
        if (this.chart === null) return;
        const {settings} = this.points[this.current];
        this.choose(settings.find((one) => one.frontier) || settings[0]);
    }
}
