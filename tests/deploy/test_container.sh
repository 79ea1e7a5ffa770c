#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The container image, run by podman on the network of a host that somebody scans.
#     tests/deploy/test_container.sh [PACKAGE]
# PACKAGE is the loader's; without it it is built.
# shellcheck disable=SC2016,SC2317  # what other shells are to expand; what check is to call
source "$(dirname "${BASH_SOURCE[0]}")/tap.sh"
source "$(dirname "${BASH_SOURCE[0]}")/peer.sh"

if [[ ${SCRATCH_NAMESPACES:-} == '' ]]; then
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    from=()
    if [[ $# -gt 0 ]]; then from=(--package "$(realpath "$1")"); fi
    must "the image is built" "$root/ci/container" "${from[@]}" --into "$scratch/image.tar"
    # `docker load` reads the list of images there.
    docker_archive() {
        "$root/ci/container" --docker "${from[@]}" --into "$scratch/docker.tar" &&
            tar -xOf "$scratch/docker.tar" manifest.json | grep -F '"localhost/xdp-portscan:latest"'
    }
    must "the image is built for Docker, too" docker_archive
    in_own_namespaces "$0" "$scratch"
    exit
fi
scratch=$1
checked=2 # above

# What podman leaves outside of its store, and what it is to find: one hierarchy of control groups.
mount -t tmpfs tmpfs /run
umount -R /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t bpf -o mode=0700 bpf /sys/fs/bpf
unshare --net sleep infinity &
host=$!
host_is_there() { [[ $(readlink "/proc/$host/ns/net") != $(readlink /proc/self/ns/net) ]]; }
within 10 host_is_there
connect_wire "$host" eth0

own_podman() {
    podman --root "$scratch/store" --runroot "$scratch/run" --tmpdir "$scratch/tmp" \
        --storage-driver vfs --cgroup-manager cgroupfs "$@"
}
# run_container OPTION...: as docs/container.md has it, on the network of the host. The limits are those
# that podman would raise, which not every machine lets it.
run_container() {
    own_podman run --network "ns:/proc/$host/ns/net" --cgroups disabled \
        --ulimit nofile=1024:1024 --ulimit nproc=1000:1000 \
        --read-only --cap-drop all --cap-add BPF --cap-add NET_ADMIN --cap-add PERFMON \
        --security-opt no-new-privileges \
        --security-opt "seccomp=$root/loader/deploy/seccomp.json" \
        --volume /sys/fs/bpf/xdp-portscan:/run/xdp-portscan "$@"
}
in_container() { own_podman exec filter /usr/bin/xdp-portscan "$@" --pin-dir /run/xdp-portscan; }
main_process() { own_podman inspect --format '{{.State.Pid}}' filter; }
is_attached() { nsenter --target "$host" --net ip -o link show eth0 | grep ' prog/xdp '; }
log_says() { own_podman logs filter 2>&1 | grep -F -e "$1"; }
serves() { nsenter --target "$host" --net curl -sf http://127.0.0.1:7979/metrics | grep -x "$1"; }

must "podman loads it" own_podman load --input "$scratch/image.tar"
own_podman tag localhost/xdp-portscan:latest xdp-portscan
holds_little() {
    local mounted
    mounted=$(own_podman image mount localhost/xdp-portscan:latest)
    find "$mounted" -type f -perm /111 -not -name '*.so*'
    [[ $(find "$mounted" -type f -perm /111 -not -name '*.so*') == "$mounted/usr/bin/xdp-portscan" ]] &&
        getcap "$mounted/usr/bin/xdp-portscan" | grep -x '.* cap_net_admin,cap_perfmon,cap_bpf=ep'
}
check "one program is in it, with the three capabilities" holds_little

install -d -m 0700 -o 65532 -g 65532 /sys/fs/bpf/xdp-portscan
must "it runs" run_container --detach --name filter --env NET_IF_NAME=eth0 xdp-portscan
comes_up() {
    if within 20 log_says "running as process" && log_says "attached to eth0"; then return; fi
    own_podman logs filter 2>&1
    own_podman ps --all
    return 1
}
must "it attaches to the interface that NET_IF_NAME names" comes_up
is_unprivileged() {
    local status
    status=$(cat "/proc/$(main_process)/status")
    grep -E '^(Uid|Cap...|NoNewPrivs):' <<<"$status"
    # CAP_NET_ADMIN 12, CAP_PERFMON 38, CAP_BPF 39
    grep -qP '^Uid:\t65532\t65532\t65532\t65532$' <<<"$status" &&
        [[ $(grep -cP '^Cap(Prm|Eff|Bnd):\t000000c000001000$' <<<"$status") == 3 ]]
}
check "it is not root and has three capabilities" is_unprivileged
must "a scan is blocked at its fourth port" scan_is_blocked_at_fourth_port
check "somebody else gets through" gets_through "$honest" 81
check "metrics are served" serves 'xdp_portscan_blocks_total 1'
check "its own command sees the block" in_container list "$scanner"

must "it ends at SIGTERM" own_podman stop --time 10 filter
ended_well() { [[ $(own_podman inspect --format '{{.State.ExitCode}}' filter) == 0 ]]; }
check "with status 0" ended_well
check "nothing is attached" fails is_attached
check "traffic flows" gets_through "$scanner" 82
check "the state is kept" test -e /sys/fs/bpf/xdp-portscan/pscan_ip_reg

must "it starts again" own_podman start filter
must "it attaches again" within 20 is_attached
check "the block is in force again" is_dropped "$scanner" 83
own_podman rm --force filter >/dev/null

# As a runtime starts it that leaves nothing to a user who is not root.
works_by_its_file() {
    local mounted
    mounted=$(own_podman image mount localhost/xdp-portscan:latest)
    mount --bind /sys/fs/bpf/xdp-portscan "$mounted/run/xdp-portscan"
    mount --rbind /sys "$mounted/sys"
    load() {
        nsenter --target "$host" --net chroot --userspec=65532:65532 --groups= "$mounted" \
            /usr/bin/xdp-portscan load eth0
    }
    load || return
    setcap -r "$mounted/usr/bin/xdp-portscan"
    fails load
}
check "without ambient capabilities its file has them" works_by_its_file
finish
