// SPDX-License-Identifier: GPL-2.0-or-later
// The document. Whatever comes from a capture or a command line gets into it as text, by these
// functions; nothing is ever parsed as HTML.

const byId = (id) => document.getElementById(id);

/** An element with these properties and children (elements, or strings as text). */
function make(tag, properties, ...children) {
    const element = document.createElement(tag);
    Object.assign(element, properties);
    element.append(...children);
    return element;
}

const cell = (className, ...children) => make('td', {className}, ...children);

/** A row of a <dl>. */
function pair(name, value, className = '') {
    return make('div', {className}, make('dt', {}, name), make('dd', {}, value));
}

function setText(id, text) { byId(id).textContent = text; }

/** What could not be read; many stay folded, so that they do not hide what could be. */
function showFailures(title, lines) {
    const element = byId('failures'), details = element.querySelector('details');
    element.hidden = lines.length === 0;
    details.open = lines.length <= 5;
    details.querySelector('summary').textContent = title;
    details.querySelector('ul').replaceChildren(...lines.map((line) => make('li', {}, line)));
}
