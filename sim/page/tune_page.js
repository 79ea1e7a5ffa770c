// SPDX-License-Identifier: GPL-2.0-or-later
// The page of `tune --html` as a whole; its data are the line of `tune --json`.

function omittedText(omitted) {
    return omitted === 0 ? '' : `, ${formatCount(omitted)} not listed: raise --report-sources`;
}

class TunePage {
    constructor(tuning, run) {
        this.tuning = tuning;
        tuning.settings.forEach((setting, i) => {
            setting.index = i;
        });
        this.recommended = tuning.settings[tuning.recommended.setting];
        const choose = (setting) => this.choose(setting);
        this.table = new SettingTable(tuning.settings, this.recommended, choose);
        this.chart = new TuneChart(tuning.settings, this.recommended, choose);
        this.showRecommended();
        this.showCaptures();
        this.showRun(run);
        this.choose(this.recommended);
    }

    showRecommended() {
        const {flags, reason} = this.tuning.recommended;
        setText('recommended', flags === '' ? 'the defaults' : flags);
        setText('reason', reason.charAt(0).toUpperCase() + reason.slice(1));
    }

    showCaptures() {
        byId('capture-rows')
            .replaceChildren(...this.tuning.captures.map(
                (one) => make(
                    'tr', {}, cell('', one.capture), cell('', one.filter), cell('', one.labels),
                    cell('number', formatCount(one.packets)),
                    cell('number', formatCount(one.scanners)),
                    cell('number', formatCount(one.honest)))));
        const damaged = this.tuning.captures.filter(({damage}) => damage !== null);
        showFailures(
            `${plural(damaged.length, 'capture was', 'captures were')} read only in part`,
            damaged.map(({capture, damage}) => `${capture}: ${damage}`));
    }

    showRun(run) {
        const {tuning} = this;
        setText(
            'ran-on',
            `detector ${tuning.object_sha256.slice(0, 12)}, kernel ${tuning.kernel}, ` +
                `${plural(tuning.captures.length, 'capture', 'captures')} with ` +
                `${plural(tuning.scanners, 'scanner', 'scanners')} and ` +
                `${plural(tuning.honest, 'honest source', 'honest sources')}, ` +
                plural(tuning.settings.length, 'setting', 'settings'));
        setText('command-line', run.command_line);
        byId('run-facts')
            .replaceChildren(
                pair('Kernel', tuning.kernel), pair('Object, SHA-256', tuning.object_sha256));
    }

    choose(setting) {
        this.table.mark(setting);
        setText('setting-title', setting.setting);
        const {median, worst} = setting.probes_before_block;
        byId('tiles').replaceChildren(
            pair('Scanners caught', formatCount(setting.caught)),
            pair('Scanners missed', formatCount(setting.missed)),
            pair('After probes, median', formatCount(median)),
            pair('After probes, worst', formatCount(worst)),
            pair('Honest sources wronged', formatCount(setting.wronged)),
            pair('Their packets dropped', formatCount(setting.honest_packets_dropped)));
        this.showScanners(setting);
        this.showWronged(setting);
    }

    captureOf(source) { return cell('', this.tuning.captures[source.capture].capture); }

    showScanners(setting) {
        setText('scanners-title', `Scanners${omittedText(setting.scanners_omitted)}`);
        byId('scanners')
            .replaceChildren(...setting.scanners.map(
                (one) => make(
                    'tr', {}, cell('address', one.source), this.captureOf(one),
                    cell('', one.blocked ? 'yes' : make('span', {className: 'drops'}, 'no')),
                    cell('number', one.blocked ? formatCount(one.probes_before_block) : '–'),
                    cell('number', formatCount(one.probes_passed)),
                    cell('number', formatCount(one.probes_dropped)))));
    }

    showWronged(setting) {
        const {wronged_sources: wronged} = setting;
        setText(
            'wronged-title',
            wronged.length === 0 ?
                'No honest source is wronged' :
                `Honest sources wronged${omittedText(setting.wronged_sources_omitted)}`);
        byId('wronged').replaceChildren(...wronged.map(
            (one) => make(
                'tr', {}, cell('address', one.source), this.captureOf(one),
                cell('number', formatCount(one.probes_dropped)),
                cell('number', formatCount(one.packets_dropped)))));
    }
}

function startTuning() {
    const run = JSON.parse(byId('run').textContent);
    const tuning = JSON.parse(byId('tuning').textContent);
    document.querySelector('main').hidden = false; // else a chart has no size
    new TunePage(tuning, run);
    byId('notice').remove();
}

startTuning();
