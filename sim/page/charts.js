// SPDX-License-Identifier: GPL-2.0-or-later
// What both charts share. Dygraph writes labels as HTML: only numbers that are formatted here go
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

/**
 * Vertical lines over the whole height, each with text beside its upper end where there is room.
 */
class VerticalMarks {
    /** `plot`: as the library calls a plotter. */
    constructor(plot, stroke, dash) {
        Object.assign(this, {stroke, dash, last: -Infinity, ground: colour('ground')});
        this.context = plot.drawingContext;
        this.area = plot.plotArea;
        this.taken = [-Infinity, -Infinity, -Infinity]; // rows of text: up to which x
    }

    /** From left to right. */
    draw(x, text) {
        const {context} = this;
        context.save();
        if (x - this.last >= 1) this.line(Math.round(x) + 0.5); // once a pixel
        this.write(x, text);
        context.restore();
    }

    line(x) {
        const {context, area} = this;
        context.strokeStyle = this.stroke;
        context.setLineDash(this.dash);
        context.beginPath();
        context.moveTo(x, area.y);
        context.lineTo(x, area.y + area.h);
        context.stroke();
        this.last = x;
    }

    write(x, text) {
        const {context, area} = this;
        if (this.taken.every((taken) => x < taken)) return; // measuring takes time
        context.font = '12px system-ui, sans-serif';
        const width = context.measureText(text).width + 8;
        const left = x + width > area.x + area.w ? x - width : x;
        const row = this.taken.findIndex((taken) => left >= taken);
        if (row < 0) return;
        const position = [left + 4, area.y + 12 + 15 * row];
        context.setLineDash([]);
        context.lineWidth = 4;
        context.strokeStyle = this.ground; // around the letters, over bars
        context.strokeText(text, ...position);
        context.fillStyle = this.stroke;
        context.fillText(text, ...position);
        this.taken[row] = left + width;
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
