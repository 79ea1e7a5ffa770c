#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whether programs are hardened as CMakeLists.txt has it, by what stands in the files, and whether this
# test would notice if they were not:
#     tests/test_hardening.sh PROGRAM...
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# lacks PROGRAM: what it lacks, a line each.
lacks() {
    local header dynamic segments symbols
    header=$(readelf --wide --file-header "$1")
    dynamic=$(readelf --wide --dynamic "$1")
    segments=$(readelf --wide --program-headers "$1")
    symbols=$(readelf --wide --dyn-syms "$1")
    has() { grep -qE "$2" <<<"$1" || echo "$3"; }
    has "$header" 'Type: +DYN' "a position-independent program"
    has "$dynamic" '\(FLAGS_1\).* PIE' "the mark of a position-independent program"
    has "$segments" 'GNU_RELRO' "relocations that are read-only"
    has "$dynamic" '\(FLAGS_1\).* NOW' "symbols bound at the start"
    has "$segments" 'GNU_STACK.* RW +0x' "a stack that does not run"
    has "$symbols" 'UND __stack_chk_fail\b' "protection of the stack"
    has "$symbols" 'UND __(mem|str|s?n?printf|vs?n?printf|read|poll|fdelt|fread|recv|realpath|readlink)[a-z]*_chk\b' \
        "fortified calls"
}

status=0
for program in "$@"; do
    lacking=$(lacks "$program")
    if [[ -n $lacking ]]; then
        printf '%s lacks %s\n' "$program" "${lacking//$'\n'/, }"
        status=1
    fi
done
[[ $# -gt 0 ]] || { echo "no program given" && exit 2; }

echo 'int main(void) { return 0; }' >"$scratch/weak.c"
"${CC:-cc}" -o "$scratch/weak" "$scratch/weak.c" -U_FORTIFY_SOURCE -fno-stack-protector -fno-pie \
    -no-pie -Wl,-z,norelro,-z,lazy,-z,execstack 2>/dev/null
if [[ $(lacks "$scratch/weak" | wc -l) != 7 ]]; then
    echo "a program without any of it is not noticed as such; only: $(lacks "$scratch/weak" | paste -sd ,)"
    status=1
fi
exit $status
