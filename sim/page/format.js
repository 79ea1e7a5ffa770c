// SPDX-License-Identifier: GPL-2.0-or-later
// Numbers and times as text. Times come as the JSON has them, "seconds.nanoseconds", and are never
// made one number: a double holds them only to a quarter of a microsecond.

const countFormat = new Intl.NumberFormat('en');

function formatCount(value) {
    return value === null || value === undefined ? '–' : countFormat.format(value);
}

function formatShare(part, whole) {
    if (whole === 0) return '';
    const percent = 100 * part / whole;
    if (part !== 0 && percent < 0.01) return 'less than 0.01 %';
    if (part !== whole && percent > 99.99) return 'more than 99.99 %';
    return `${Number(percent.toFixed(2))} %`;
}

/** Seconds from one time to another. */
function secondsBetween(from, to) {
    const [fromSeconds, fromRest] = from.split('.').map(Number);
    const [toSeconds, toRest] = to.split('.').map(Number);
    return toSeconds - fromSeconds + (toRest - fromRest) / 1e9;
}

/** `2026-11-23 09:40:21.544703Z`: UTC, down to microseconds. */
function formatUtc(time) {
    const [seconds, rest] = time.split('.');
    const text = new Date(Number(seconds) * 1000).toISOString();
    return `${text.slice(0, 19).replace('T', ' ')}.${rest.slice(0, 6)}Z`;
}

/** The time that many seconds later. */
function laterBy(time, offset) {
    const [seconds, rest] = time.split('.').map(Number);
    const nanoseconds = Math.round(rest + (offset % 1) * 1e9);
    const whole = seconds + Math.trunc(offset) + Math.floor(nanoseconds / 1e9);
    return `${whole}.${String(nanoseconds % 1e9).padStart(9, '0')}`;
}

/** `1:02:03.5`: hours, minutes and seconds with so many decimals. */
function formatClock(seconds, decimals) {
    const whole = Number(seconds.toFixed(decimals));
    const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
    const rest = (whole % 60).toFixed(decimals).padStart(decimals > 0 ? decimals + 3 : 2, '0');
    return `${hours}:${String(minutes).padStart(2, '0')}:${rest}`;
}

/** A length of time with three digits that matter and a unit. */
function formatDuration(seconds) {
    if (seconds === 0) return '0 s';
    const units = [[1e-9, 'ns'], [1e-6, 'µs'], [1e-3, 'ms'], [1, 's']];
    if (seconds >= 120) return `${formatClock(seconds, 0)} h`;
    const [size, unit] = units.filter(([least]) => seconds >= least * 0.9995).pop() || units[0];
    return `${Number((seconds / size).toPrecision(3))} ${unit}`;
}

const formatNanoseconds = (value) => value === null ? '–' : formatDuration(value / 1e9);

function plural(number, one, many) { return `${formatCount(number)} ${number === 1 ? one : many}`; }
