#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# wrong_object.sh SOURCES COPY FILE BEFORE AFTER CLANG ARCHITECTURE: COPY.o, built from a copy of
# the detector's sources in whose FILE the text BEFORE became AFTER.
set -eu
sources=$1 copy=$2 file=$3 before=$4 after=$5 clang=$6 architecture=$7
rm -rf "$copy"
mkdir -p "$copy"
cp -r "$sources" "$copy/bpf"
sed -i "s/$before/$after/" "$copy/bpf/$file"
if cmp -s "$sources/$file" "$copy/bpf/$file"; then
    echo "$file: no '$before' in it" >&2
    exit 1
fi
"$clang" -target bpf -mcpu=v3 -std=gnu11 -O2 -g -iquote "$copy" \
    -isystem "/usr/include/$architecture" -c "$copy/bpf/portscan.bpf.c" -o "$copy.o"
