#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The packages on a host that systemd runs, with somebody who scans it: installation, service, upgrade,
# stop, removal, purge.
#     tests/deploy/test_service.sh [FOLDER]
# FOLDER holds the packages; without it they are built. The host is this machine under a layer that is
# thrown away, in namespaces of its own.
# shellcheck disable=SC2016,SC2317  # what other shells are to expand; what check is to call
source "$(dirname "${BASH_SOURCE[0]}")/tap.sh"
source "$(dirname "${BASH_SOURCE[0]}")/peer.sh"
source "$(dirname "${BASH_SOURCE[0]}")/scratch_host.sh"

if [[ ${SCRATCH_NAMESPACES:-} == '' ]]; then
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    packages=$(realpath "${1:-$scratch}")
    if [[ $# == 0 ]]; then "$root/ci/packages" --into "$packages" >/dev/null; fi
    in_own_namespaces "$0" "$packages" "$scratch"
    exit
fi
packages=$1 scratch=$2

# newer PACKAGE: the same as its next revision.
newer() {
    local folder=$scratch/newer
    dpkg-deb -R "$1" "$folder"
    sed -i 's/^Version: .*/&.1/' "$folder/DEBIAN/control"
    dpkg-deb -Zgzip -z1 --root-owner-group -b "$folder" "$scratch/newer.deb" >/dev/null
}

# install FILE...: on the host.
install_packages() {
    local package
    for package in "$@"; do on_host sh -c 'cat >"/var/tmp/$1"' -- "${package##*/}" <"$package"; done
    on_host dpkg --force-unsafe-io --no-triggers -i "${@/#*\///var/tmp/}"
}
dpkg_on_host() { on_host dpkg --force-unsafe-io --no-triggers "$@"; }

is_attached() { on_host ip -o link show eth0 | grep ' prog/xdp ' >/dev/null; }
is_pinned() { on_host test -e /sys/fs/bpf/xdp-portscan/pscan_ip_reg; }
is_active() { on_host systemctl --quiet is-active xdp-portscan; }
is_enabled() { on_host systemctl --quiet is-enabled xdp-portscan; }
main_process() { on_host systemctl show --property MainPID --value xdp-portscan; }
log_says() { on_host journalctl -q -o cat -u xdp-portscan | grep -F -e "$1" >/dev/null; }
set_option() { on_host sh -c 'echo "$1" >>/etc/xdp-portscan.toml' -- "$1"; }
is_listed_as_blocked() { on_host xdp-portscan list "$scanner"; }

boot_host || { echo "Bail out! systemd does not start in namespaces of its own here" && exit 1; }
dpkg_on_host --purge xdp-portscan xdp-portscan-sim >/dev/null 2>&1 || true
connect_wire "$host_pid" eth0
newer "$(echo "$packages"/xdp-portscan_*.deb)"

must "both packages are installed" install_packages "$packages"/*.deb
check "nothing is started by that" fails is_active
check "nor enabled" fails is_enabled
check "the harness runs its examples" \
    on_host xdp-portscan-sim test /usr/share/doc/xdp-portscan-sim/examples

verify_is_silent() {
    local said
    said=$(on_host systemd-analyze verify xdp-portscan.service 2>&1) || return
    echo "$said"
    [[ -z $said ]]
}
check "systemd-analyze verify finds nothing" verify_is_silent
check "systemd-analyze security finds 2.0 or less" on_host systemd-analyze security \
    --offline=yes --threshold=20 --no-pager /usr/lib/systemd/system/xdp-portscan.service

# What cloud images do; the service is not root.
on_host sh -c 'mkdir -p /etc/ssh/sshd_config.d && umask 077 &&
    echo "Include /etc/ssh/sshd_config.d/*.conf" >/etc/ssh/sshd_config &&
    chmod a+r /etc/ssh/sshd_config && echo "Port 2222" >/etc/ssh/sshd_config.d/closed.conf'
must "the service starts" on_host systemctl enable --quiet --now xdp-portscan
check "it is attached to the interface of the default route" is_attached
check "it names configuration of sshd that it may not read" \
    log_says "cannot read /etc/ssh/sshd_config.d/closed.conf"
has_three_capabilities() {
    local status uid
    uid=$(on_host id -u _xdp-portscan)
    status=$(on_host cat "/proc/$(main_process)/status")
    grep -E '^(Uid|Cap...|NoNewPrivs):' <<<"$status"
    # CAP_NET_ADMIN 12, CAP_PERFMON 38, CAP_BPF 39
    grep -qP "^Uid:\t$uid\t$uid\t$uid\t$uid$" <<<"$status" &&
        [[ $(grep -cP '^Cap(Prm|Eff|Bnd):\t000000c000001000$' <<<"$status") == 3 ]] &&
        grep -qP '^NoNewPrivs:\t1$' <<<"$status"
}
check "it runs as its own user with three capabilities" has_three_capabilities

must "a scan is blocked at its fourth port" scan_is_blocked_at_fourth_port
check "somebody else gets through" gets_through "$honest" 81
check "root sees the block" is_listed_as_blocked
serves_metrics() {
    on_host curl -sf http://127.0.0.1:7979/metrics | grep -x 'xdp_portscan_blocks_total 1'
}
check "metrics are served" serves_metrics

# The scan goes on meanwhile.
received() { on_host awk '/^Tcp: [0-9]/ { print $11 }' /proc/net/snmp; }
dropped() { on_host xdp-portscan status --json | jq .counters.blocked; }
nmap -n -Pn -sS -S "$scanner" -e wire --max-retries 0 --min-rate 200 --max-rate 200 -p 1-65535 \
    $host_address >/dev/null 2>&1 &
scan=$!
set_option 'window = "2m"'
first=$(dropped)
goes_on() { [[ $(dropped) -gt $first ]]; }
must "the scan has begun" within 20 goes_on
before=$(received) process=$(main_process) first=$(dropped)
must "an upgrade is installed" install_packages "$scratch/newer.deb"
check "the running process runs the new binary" \
    within 20 log_says "the binary changed: runs the new one"
has_new_window() { [[ $(on_host xdp-portscan status --json | jq -r .options.window) == 2m ]]; }
check "with the configuration as the administrator left it" within 20 has_new_window
check "it is the same process" test "$(main_process)" == "$process"
check "the block stands" is_listed_as_blocked
check "the scan went on" within 20 goes_on
check "not one packet of it came through" test "$(received)" == "$before"
kill $scan

on_host systemctl kill --signal KILL xdp-portscan
is_another_process() { is_active && [[ $(main_process) != "$process" ]]; }
check "after a crash it is started again" within 20 is_another_process
check "the block stands all the while" is_dropped "$scanner" 82

must "the service stops" on_host systemctl stop xdp-portscan
check "traffic flows" gets_through "$scanner" 83
check "nothing is attached" fails is_attached
check "the state is kept" is_pinned
must "it starts again" on_host systemctl start xdp-portscan
check "the block is in force again" is_dropped "$scanner" 84

set_option 'keep = true'
on_host systemctl reload xdp-portscan
must "an option is taken over by a reload" within 20 log_says reloaded
must "the package is removed" dpkg_on_host --remove xdp-portscan
check "traffic flows, whatever the configuration says" gets_through "$scanner" 84
check "state and configuration are left" \
    on_host test -e /sys/fs/bpf/xdp-portscan/pscan_ip_reg -a -e /etc/xdp-portscan.toml

must "the package is purged" dpkg_on_host --purge xdp-portscan
check "neither pins nor configuration are left" on_host sh -c '! test -e /sys/fs/bpf/xdp-portscan &&
    ! test -e /etc/xdp-portscan.toml &&
    ! test -L /etc/systemd/system/multi-user.target.wants/xdp-portscan.service'
finish
