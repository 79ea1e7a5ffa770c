// SPDX-License-Identifier: GPL-2.0-or-later
// The table of settings; a click chooses the one that is looked into.

const settingColumns = [
    {title: 'Setting', key: (one) => one.index},
    {title: 'Caught', key: (one) => one.caught},
    {title: 'Missed', key: (one) => one.missed},
    {title: 'Before block', key: (one) => one.probes_before_block.median},
    {title: 'Worst', key: (one) => one.probes_before_block.worst},
    {title: 'Got in', key: (one) => one.probes_passed},
    {title: 'Wronged', key: (one) => one.wronged},
    {title: 'Probes dropped', key: (one) => one.honest_probes_dropped},
    {title: 'Packets dropped', key: (one) => one.honest_packets_dropped},
];

class SettingTable {
    constructor(settings, recommended, choose) {
        Object.assign(this, {settings, recommended, choose, descending: false});
        this.column = settingColumns[0];
        this.chosen = null;
        byId('settings-head')
            .replaceChildren(...settingColumns.map((column) => this.heading(column)));
        byId('frontier-only').addEventListener('change', () => this.show());
    }

    heading(column) {
        const button = make('button', {type: 'button'}, column.title);
        const element = make(
            'th', {scope: 'col', className: column === settingColumns[0] ? '' : 'number'}, button);
        button.addEventListener('click', () => {
            this.descending = this.column === column && !this.descending;
            this.column = column;
            for (const other of byId('settings-head').children) other.removeAttribute('aria-sort');
            element.setAttribute('aria-sort', this.descending ? 'descending' : 'ascending');
            this.show();
        });
        return element;
    }

    /** Marks a setting, which is shown whatever else is. */
    mark(setting) {
        this.chosen = setting;
        this.show();
    }

    /** What has no value stands last. */
    compare(one, other) {
        const [a, b] = [this.column.key(one), this.column.key(other)];
        if (a === null || b === null) return (a === null) - (b === null);
        return (this.descending ? b - a : a - b) || one.index - other.index;
    }

    show() {
        const best = byId('frontier-only').checked;
        const rows = this.settings.filter((one) => !best || one.frontier || one === this.chosen)
                         .sort((one, other) => this.compare(one, other));
        byId('settings-rows').replaceChildren(...rows.map((one) => this.row(one)));
    }

    row(setting) {
        const button = make('button', {type: 'button'}, setting.setting);
        button.addEventListener('click', () => this.choose(setting));
        const name = cell('setting', button, setting === this.recommended ? ' (recommended)' : '');
        const row = make(
            'tr', {}, name,
            ...settingColumns.slice(1).map(({key}) => cell('number', formatCount(key(setting)))));
        row.setAttribute('aria-current', String(setting === this.chosen));
        return row;
    }
}
