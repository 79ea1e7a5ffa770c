// SPDX-License-Identifier: GPL-2.0-or-later
// What charts share. Dygraph writes labels as HTML: only numbers that are formatted here go
// into them, never text of a capture.

/** A colour of page.css by its name, in the scheme that is in force. */
function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function commonChartOptions() {
    return {
        legend: 'never',
        axisLineColor: colour('muted'),
        gridLineColor: colour('line'),
        rangeSelectorBackgroundStrokeColor: colour('muted'),
        rangeSelectorPlotStrokeColor: colour('muted'),
        rangeSelectorPlotFillColor: colour('passed'),
        rangeSelectorPlotFillGradientColor: colour('ground'),
        rangeSelectorForegroundStrokeColor: colour('text'),
    };
}

/** Counts on a vertical axis: whole numbers only. */
function countLabel(value) { return Number.isInteger(value) ? formatCount(value) : ''; }

/** So many lines over the whole height still let the chart be seen. */
const fewMarks = 60;

/**
 * Vertical lines over a chart, each with text beside its upper end where there is room. Where there
 * are many they are only ticks at the top. From left to right.
 */
class VerticalMarks {
    /** `plot`: as the library calls a plotter. */
    constructor(plot, stroke, dash) {
        Object.assign(this, {stroke, dash, marks: [], last: -Infinity});
        this.context = plot.drawingContext;
        this.area = plot.plotArea;
    }

    add(x, text) {
        if (x - this.last < 1 && this.marks.length >= fewMarks) return; // that pixel has one
        this.marks.push([x, text]);
        this.last = x;
    }

    draw() {
        const few = this.marks.length <= fewMarks;
        this.context.save();
        this.drawLines(few ? this.area.h : 12);
        if (few) this.drawTexts();
        this.context.restore();
    }

    drawLines(height) {
        const {context, area} = this;
        context.strokeStyle = this.stroke;
        context.lineWidth = 1;
        context.setLineDash(height === area.h ? this.dash : []);
        context.beginPath();
        for (const [x] of this.marks) {
            context.moveTo(Math.round(x) + 0.5, area.y);
            context.lineTo(Math.round(x) + 0.5, area.y + height);
        }
        context.stroke();
    }

    drawTexts() {
        const {context, area} = this;
        const taken = [-Infinity, -Infinity, -Infinity]; // rows of text: up to which x
        context.font = '12px system-ui, sans-serif';
        context.setLineDash([]);
        context.lineWidth = 4;
        context.strokeStyle = colour('ground'); // around the letters, over bars
        context.fillStyle = this.stroke;
        for (const [x, text] of this.marks) {
            const width = context.measureText(text).width + 8;
            const left = x + width > area.x + area.w ? x - width : x;
            const row = taken.findIndex((end) => left >= end);
            if (row < 0) continue;
            context.strokeText(text, left + 4, area.y + 12 + 15 * row);
            context.fillText(text, left + 4, area.y + 12 + 15 * row);
            taken[row] = left + width;
        }
    }
}

/** In pixels; what is printed is shrunk to the paper. */
const paperWidth = 900;

/** Calls back whenever colours change: another scheme, or paper. */
function whenColoursChange(redraw) {
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => redraw(null));
    addEventListener('beforeprint', () => {
        document.documentElement.dataset.print = '';
        redraw(paperWidth);
    });
    addEventListener('afterprint', () => {
        delete document.documentElement.dataset.print;
        redraw(null);
    });
}

/** Draws a chart anew, so many pixels wide for paper; null: as wide as there is room. */
function redrawChart(chart, element, width, options) {
    element.style.width = width === null ? '' : `${width}px`;
    chart.updateOptions(options, true);
    chart.resize();
    chart.updateOptions({}); // where the size is what it was
}
