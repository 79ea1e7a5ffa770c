#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The Debian packages as files: what is in them, what lintian says, that they come out alike twice. They
# are left in build/packages/. What they do on a host: test_service.sh.
# shellcheck disable=SC2016,SC2317  # what other shells are to expand; what check is to call
source "$(dirname "${BASH_SOURCE[0]}")/tap.sh"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
packages=$root/build/packages
rm -rf "$packages"

must "the packages are built" "$root/ci/packages"
loader=$(echo "$packages"/xdp-portscan_*.deb)
simulator=$(echo "$packages"/xdp-portscan-sim_*.deb)
for package in "$loader" "$simulator"; do must "${package##*/} is there" test -s "$package"; done

# It takes as long as building again does.
TMPDIR=$scratch lintian --allow-root --fail-on error "$loader" "$simulator" >"$scratch/lintian" 2>&1 &
lintian=$!

built_again_alike() {
    # Times of files are none of it, nor is the umask.
    touch "$root/loader/deploy/xdp-portscan.toml" "$root/loader/deploy/debian/postinst"
    (umask 077 && "$root/ci/packages" --into "$scratch/again") &&
        cmp "$loader" "$scratch/again/${loader##*/}" &&
        cmp "$simulator" "$scratch/again/${simulator##*/}"
}
check "built again they are the same" built_again_alike

lintian_is_content() { cat "$scratch/lintian" && return "$lintian_status"; }
lintian_status=0
wait $lintian || lintian_status=$?
check "lintian finds no error" lintian_is_content

# holds PACKAGE FILE...: files that are not empty.
holds() {
    local folder=$scratch/${1##*/} file
    rm -rf "$folder"
    dpkg-deb -x "$1" "$folder"
    for file in "${@:2}"; do
        if [[ ! -s $folder$file ]]; then
            echo "no $file in ${1##*/}"
            return 1
        fi
    done
}
documents() { printf "/usr/share/doc/$1/%s " changelog.gz changelog.Debian.gz copyright; }
# shellcheck disable=SC2046  # a word each
check "the loader has its files" holds "$loader" /usr/bin/xdp-portscan /etc/xdp-portscan.toml \
    /usr/lib/systemd/system/xdp-portscan.service /usr/lib/sysusers.d/xdp-portscan.conf \
    /usr/share/man/man8/xdp-portscan.8.gz /usr/share/bash-completion/completions/xdp-portscan \
    /usr/share/zsh/vendor-completions/_xdp-portscan \
    /usr/share/fish/vendor_completions.d/xdp-portscan.fish \
    /usr/share/doc/xdp-portscan/examples/xdp-portscan.toml $(documents xdp-portscan)
# shellcheck disable=SC2046
check "the harness has its files" holds "$simulator" /usr/bin/xdp-portscan-sim \
    /usr/share/man/man1/xdp-portscan-sim.1.gz \
    /usr/share/bash-completion/completions/xdp-portscan-sim \
    /usr/share/zsh/vendor-completions/_xdp-portscan-sim \
    /usr/share/fish/vendor_completions.d/xdp-portscan-sim.fish \
    /usr/share/doc/xdp-portscan-sim/examples/nmap-syn.scenario.toml $(documents xdp-portscan-sim)

depends_on() { dpkg-deb -f "$1" Depends | grep -qE "(^|, )$2( |,|$)"; }
check "the loader depends on the libraries that it uses" depends_on "$loader" libbpf1
check "the harness depends on the libraries that it uses" depends_on "$simulator" 'libpcap0.8(t64)?'

is_stripped() { ! readelf --wide --sections "$scratch/$1$2" | grep -E '\.(debug_info|symtab)'; }
check "the loader carries no debug information" is_stripped "${loader##*/}" /usr/bin/xdp-portscan
check "the harness carries no debug information" \
    is_stripped "${simulator##*/}" /usr/bin/xdp-portscan-sim
finish
