# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Sourced by the scripts of this folder, which run from any directory.
set -euo pipefail

# shellcheck disable=SC2034  # for the scripts that source this
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
program=ci/$(basename "$0")

die() {
    printf '%s: %s\n' "$program" "$*" >&2
    exit 1
}

note() { printf '== %s\n' "$*" >&2; }

# As root: directly, or by sudo.
as_root() {
    if [[ $(id -u) == 0 ]]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo -- env "PATH=$PATH" "$@"
    else
        die "needs root for '$1': run it as root, or install sudo"
    fi
}

# The folder in which ci/install-dependencies puts what ci/workflows needs of npm.
node_packages() {
    local lock
    lock=$(sha256sum <"$root/tests/workflows/package-lock.json")
    echo "${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/xdp-portscan/npm/${lock:0:16}"
}

# quietly LOG COMMAND...: the output goes to LOG and is shown only when the command fails.
quietly() {
    local log=$1
    shift
    mkdir -p "$(dirname "$log")"
    if ! "$@" >"$log" 2>&1; then
        cat "$log" >&2
        return 1
    fi
}

# Ubuntu's bpftool is a wrapper that refuses to run unless the tools of the very kernel that is
# running are installed. Any build of bpftool does here: put one that runs first in PATH.
use_working_bpftool() {
    PATH=$PATH:/usr/sbin:/sbin # where Debian has bpftool and ip; not in everybody's PATH
    export PATH
    if bpftool version >/dev/null 2>&1; then return; fi
    local candidate
    for candidate in /usr/lib/linux-tools*/bpftool /usr/lib/linux-tools*/*/bpftool; do
        if "$candidate" version >/dev/null 2>&1; then
            export PATH=${candidate%/*}:$PATH
            return
        fi
    done
    die "no bpftool that runs: install the package bpftool (Ubuntu: linux-tools-generic)"
}

# What a script writes into a document stands between these.
begin_mark="<!-- $program writes from here -->"
end_mark="<!-- $program writes to here -->"

needs_marks() {
    if [[ $(grep -cxF -e "$begin_mark" -e "$end_mark" "$1") == 2 ]]; then return; fi
    die "'$1' has no lines '$begin_mark' and '$end_mark': put them where the table belongs"
}

# write_between_marks FILE TEXT: in place, so that the file keeps its owner and mode.
write_between_marks() {
    local whole
    whole=$(awk -v text="$2" -v begin="$begin_mark" -v end="$end_mark" '
        $0 == end { inside = 0 }
        !inside { print }
        $0 == begin { inside = 1; print text }
    ' "$1")
    printf '%s\n' "$whole" >"$1"
    note "written to $1"
}
