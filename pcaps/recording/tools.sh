# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The Debian packages that the recording needs: their installation and their versions.

readonly TOOL_PACKAGES=(
    nmap masscan zmap hping3 curl openssh-client openssh-server nginx vsftpd iperf3
    openssl tcpdump wireshark-common iproute2 ethtool gzip zstd
)

# package_version PACKAGE: prints nothing if it is not installed.
package_version() {
    dpkg-query -W -f '${db:Status-Status} ${Version}\n' "$1" 2>/dev/null |
        sed -n 's/^installed //p'
}

print_versions() {
    local package version
    for package in "${TOOL_PACKAGES[@]}"; do
        version=$(package_version "$package") || true
        printf '%-18s %s\n' "$package" "${version:-not installed}"
    done
}

# A server's package starts its service when it is installed, and at each boot. Whoever records a
# capture did not ask for that: the start is refused while we install, and the boot undone after.
install_tools() {
    local package missing=()
    for package in "${TOOL_PACKAGES[@]}"; do
        [[ -n $(package_version "$package") ]] || missing+=("$package")
    done
    ((${#missing[@]} > 0)) || return 0

    echo "installing ${missing[*]}" >&2
    apt-get -qq update >&2
    refuse_service_starts
    DEBIAN_FRONTEND=noninteractive \
        apt-get -qq install --no-install-recommends -y "${missing[@]}" >&2
    allow_service_starts
    disable_services "${missing[@]}"
}

readonly START_POLICY=/usr/sbin/policy-rc.d

refuse_service_starts() {
    [[ ! -e $START_POLICY ]] || return 0
    trap allow_service_starts EXIT
    printf '#!/bin/sh\n# pcaps/record %s\nexit 101\n' "$$" >"$START_POLICY"
    chmod 755 "$START_POLICY"
}

allow_service_starts() {
    if grep -qs "^# pcaps/record $$\$" "$START_POLICY"; then rm -f "$START_POLICY"; fi
}

# disable_services PACKAGE...: those that were installed just now.
disable_services() {
    local package
    command -v systemctl >/dev/null || return 0
    for package in "$@"; do
        case $package in
        openssh-server) systemctl --quiet disable ssh.service ;;
        nginx | vsftpd) systemctl --quiet disable "$package.service" ;;
        esac
    done
}
