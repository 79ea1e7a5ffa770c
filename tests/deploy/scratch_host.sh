# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016  # what other shells are to expand
# Sourced by the tests of this folder that need a host of their own: this machine's own files under a
# layer that is thrown away, with systemd as first process, in namespaces of its own. What runs there
# finds the packages that are installed here and changes nothing.

# Runs in the namespaces of the host to be, and becomes its first process.
become_host() {
    local top=$1 part
    mount -t tmpfs tmpfs "$top"
    mkdir "$top"/{changes,work,root}
    mount -t overlay overlay "$top/root" \
        -o "lowerdir=/,upperdir=$top/changes,workdir=$top/work"
    cd "$top/root" || return
    mount -t proc proc proc
    mount -t sysfs sysfs sys
    mount --rbind /dev dev
    for part in run tmp; do mount -t tmpfs tmpfs "$part"; done
    mount -t cgroup2 cgroup2 sys/fs/cgroup
    mount -t bpf -o mode=0700 bpf sys/fs/bpf
    # Services of this machine are none of it, nor is anything that sets up the kernel.
    rm -rf usr/sbin/policy-rc.d etc/systemd/system/*.{wants,requires} {usr/,}lib/systemd/system/*.wants
    mkdir -p etc/systemd/system/sysinit.target.wants
    ln -s /lib/systemd/system/systemd-journald.service etc/systemd/system/sysinit.target.wants/
    ln -sf /lib/systemd/system/multi-user.target etc/systemd/system/default.target
    pivot_root . mnt
    exec chroot . sh -c 'umount -l /mnt && exec env -i PATH="$PATH" container=scratch \
        /lib/systemd/systemd --log-target=null'
}

# boot_host: sets host_pid, its first process as seen from here. Of the folder $scratch it uses one of its own.
boot_host() {
    local top
    top=$(mktemp -d -p "$scratch")
    export -f become_host
    unshare --net --mount --pid --ipc --uts --cgroup --fork --kill-child \
        -- bash -euc 'become_host "$1"' -- "$top" </dev/null >/dev/null &
    within 20 has_host $!
    within 60 host_is_up
}

has_host() { host_pid=$(pgrep -P "$1" -x systemd); }
host_is_up() { on_host systemctl is-system-running --quiet 2>/dev/null; }

# on_host COMMAND...: as root.
on_host() {
    nsenter --target "$host_pid" --all --wdns=/ -- \
        env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"
}
