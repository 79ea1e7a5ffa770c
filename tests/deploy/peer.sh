# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016  # what other shells are to expand
# Sourced by the tests of this folder that need somebody who scans: this network namespace becomes
# the other end of the wire of a host, which is a network namespace too.

readonly host_address=10.0.0.9
readonly gateway=10.0.0.1 # which the lock-out guard allows
readonly scanner=10.0.0.5
readonly honest=10.0.0.6

# in_own_namespaces SCRIPT ARGUMENTS...: runs the script again, in namespaces and a control group that
# end with it.
in_own_namespaces() {
    unshare --mount --propagation private -- bash -euc '
        umount -R /sys/fs/cgroup || true
        mount -t cgroup2 cgroup2 /sys/fs/cgroup
        outside=/sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup)
        own=$outside/xdp-portscan-test-$$
        mkdir "$own"
        echo $$ >"$own/cgroup.procs"
        status=0
        unshare --net --mount --pid --fork --kill-child --mount-proc --cgroup -- \
            env SCRATCH_NAMESPACES=1 "$@" || status=$?
        echo $$ >"$outside/cgroup.procs"
        for try in $(seq 50); do # what was killed may still be ending
            if find "$own" -depth -type d -exec rmdir {} + 2>/dev/null; then break; fi
            sleep 0.1
        done
        exit $status' -- "$@"
}

# connect_wire PID INTERFACE: between this namespace and that of the process.
connect_wire() {
    local address
    ip link set lo up
    ip link add wire type veth peer name "$2" netns "/proc/$1/ns/net"
    for address in "$gateway" "$scanner" "$honest"; do ip address add "$address/24" dev wire; done
    ip link set wire up
    nsenter --target "$1" --net sh -c "ip link set lo up && ip link set $2 up &&
        ip address add $host_address/24 dev $2 && ip route add default via $gateway"
}

# What becomes of a connection from ADDRESS to a port of the host where nobody listens: it is refused
# by the host, or nothing comes back.
answer() { # answer ADDRESS PORT SECONDS
    local status=0
    curl -s -o /dev/null --interface "$1" --connect-timeout "$3" "http://$host_address:$2" || status=$?
    case $status in
    7) echo refused ;;
    28) echo silence ;;
    *) echo "curl ended with $status" ;;
    esac
}

gets_through() { [[ $(answer "$1" "$2" 10) == refused ]]; }
is_dropped() { [[ $(answer "$1" "$2" 1) == silence ]]; }

# Three ports of a scan are answered, the fourth is not, and from then on none.
scan_is_blocked_at_fourth_port() {
    local port
    for port in 22 23 25; do gets_through "$scanner" "$port" || return; done
    is_dropped "$scanner" 80 && is_dropped "$scanner" 22
}
