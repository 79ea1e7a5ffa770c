# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Sourced by the tests of this folder: TAP on standard output, a line for each thing that holds or
# does not. What a check that fails has said stands behind it.
set -euo pipefail

# shellcheck disable=SC2034  # for the tests
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
checked=0
wrong=0

# check NAME COMMAND...: holds if the command succeeds.
check() {
    local name=$1 said
    checked=$((checked + 1))
    if said=$("${@:2}" 2>&1); then
        echo "ok $checked - $name"
    else
        wrong=$((wrong + 1))
        echo "not ok $checked - $name"
        printf '%s\n' "${*:2}" "$said" | sed 's/^/# /'
    fi
}

# must NAME COMMAND...: a check, and without it the rest is pointless.
must() {
    local before=$wrong
    check "$@"
    if [[ $wrong != "$before" ]]; then finish; fi
}

finish() {
    echo "1..$checked"
    [[ $wrong == 0 ]]
    exit
}

# within SECONDS COMMAND...: tries until it succeeds.
within() {
    local end=$((SECONDS + $1))
    until "${@:2}"; do
        if ((SECONDS >= end)); then return 1; fi
        sleep 0.1
    done
}

# fails COMMAND...: for what must not succeed.
fails() { ! "$@"; }
