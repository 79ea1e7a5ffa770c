# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The README's table of captures: one row a capture, rewritten when that capture is recorded.

readonly TABLE_BEGIN='<!-- captures: begin -->' TABLE_END='<!-- captures: end -->'

# refresh_row README NAME CAPTURE
refresh_row() {
    local readme=$1 name=$2 row=
    [[ -e $readme ]] || return 0
    row=$(table_row "$name" "$3")
    {
        sed "/^$TABLE_BEGIN\$/q" "$readme"
        table_rows "$readme" "$name" "$row"
        sed -n "/^$TABLE_END\$/,\$p" "$readme"
    } >"$work/README.md"
    grep -qxF -- "$TABLE_END" "$work/README.md" ||
        fail "$EXIT_FAILED" "$readme has no line '$TABLE_END'; restore it"
    cat "$work/README.md" >"$readme"
}

# The whole table: the new row, the other rows as they stand, in the order of the catalogue.
table_rows() {
    local readme=$1 fresh=$2 row=$3 name
    echo '| Capture | What it is | Tools | Command | Frames | The detector (defaults) |'
    echo '|---|---|---|---|---|---|'
    for name in "${capture_names[@]}"; do
        if [[ $name == "$fresh" ]]; then
            echo "$row"
        else
            grep -F -- "| \`${capture_file[$name]}\` |" "$readme" || true
        fi
    done
}

# shellcheck disable=SC2016  # the backquotes are Markdown's
table_row() {
    local name=$1 tool tools='' commands
    for tool in ${capture_tools[$name]}; do tools+="$tool $(package_version "$tool"), "; done
    commands=$(sed 's/|/\\|/g; s/.*/`&`/' "$work/commands" | paste -sd '~' | sed 's/~/<br>/g')
    printf '| `%s` | %s | %s | %s | %s | %s |\n' "${capture_file[$name]}" \
        "${capture_what[$name]}" "${tools%, }" "$commands" "$(count_frames "$2")" \
        "${capture_expected[$name]}"
}
