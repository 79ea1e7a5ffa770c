# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The lab: two network namespaces joined by one veth pair, fresh for each capture, so that no
# capture holds what another left behind (neighbours, retransmissions, TIME_WAIT).

readonly PEER_NS="pcaps-$$-peer" TARGET_NS="pcaps-$$-target"
readonly SCANNER=10.11.0.1 CLIENT=10.11.0.2 CLIENT2=10.11.0.3 CLIENT3=10.11.0.4
readonly MASSCAN_SOURCE=10.11.0.7 TARGET=10.11.0.9 MANY_HOSTS=10.11.1.0/24
readonly SCANNER6=fd11:0:0:1::1 TARGET6=fd11:0:0:9::9
readonly PEER_MAC=02:00:0a:0b:00:01 TARGET_MAC=02:00:0a:0b:00:09
readonly COMMAND_TIMEOUT=900 # seconds; no command of a capture comes near

work= # temporary folder; open to path walks because nginx and vsftpd give up root

lab_prepare() {
    work=$(mktemp -d -t pcaps-record.XXXXXX)
    chmod 711 "$work"
    trap lab_end EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
}

lab_end() {
    lab_down
    rm -rf "$work"
}

# lab_up ADDRESS...: the peer gets these IPv4 addresses, the first of them is its main one.
lab_up() {
    local namespace address
    for namespace in "$PEER_NS" "$TARGET_NS"; do ip netns add "$namespace"; done
    ip -n "$TARGET_NS" link add eth0 address "$TARGET_MAC" type veth \
        peer name eth0 address "$PEER_MAC" netns "$PEER_NS"
    for namespace in "$PEER_NS" "$TARGET_NS"; do interface_up "$namespace"; done
    for address in "$@"; do ip -n "$PEER_NS" address add "$address/16" dev eth0; done
    ip -n "$TARGET_NS" address add "$TARGET/16" dev eth0
    # Answers to forged sources leave by the same wire, as they would on a real host; the peer must
    # swallow them, whatever forwarding the new namespace inherited.
    ip -n "$TARGET_NS" route add default via "$1"
    ip netns exec "$PEER_NS" sh -c 'echo 0 >/proc/sys/net/ipv4/ip_forward'
}

# Offloads off: frames are recorded as a wire would carry them, no unfinished checksum, none larger
# than the MTU. No link-local address: nothing speaks but the tools.
interface_up() {
    ip netns exec "$1" ethtool -K eth0 tx off tso off gso off gro off >/dev/null
    ip -n "$1" link set lo up
    ip -n "$1" link set eth0 addrgenmode none
    ip -n "$1" link set eth0 up
}

# Scanner and target lie in different /64s: what blocks the one must not cover the other.
lab_ipv6() {
    ip -n "$PEER_NS" address add "$SCANNER6/48" dev eth0 nodad
    ip -n "$TARGET_NS" address add "$TARGET6/48" dev eth0 nodad
}

# The target answers as each host of MANY_HOSTS.
lab_many_hosts() {
    local host
    for host in {1..254}; do echo "address add ${MANY_HOSTS%.*}.$host/16 dev eth0"; done |
        ip -n "$TARGET_NS" -batch -
}

# Ends what runs in the namespaces (all of it is ours), removes them; their veth goes with them.
lab_down() {
    local namespace
    for namespace in "$PEER_NS" "$TARGET_NS"; do
        [[ -e /run/netns/$namespace ]] || continue
        end_processes_of "$namespace"
        ip netns delete "$namespace"
    done
    wait
}

end_processes_of() {
    local signal pid
    for signal in TERM TERM TERM TERM TERM KILL; do
        for pid in $(ip netns pids "$1"); do kill "-$signal" "$pid" 2>/dev/null || true; done
        [[ -n $(ip netns pids "$1") ]] || return 0
        sleep 0.2
    done
}

# peer COMMAND...: runs it on the peer's side, with the temporary folder as the working directory,
# and notes it for the README's table. In the background of a wait, so that signals reach us.
peer() {
    note_command "$@"
    peer_unnoted "$@" &
    wait $!
}

peer_unnoted() {
    (cd "$work" && exec ip netns exec "$PEER_NS" timeout "$COMMAND_TIMEOUT" "$@") \
        >>"$work/output.log" 2>&1
}

# peer_background COMMAND...: the same, without waiting; the process id is in $!.
peer_background() {
    note_command "$@"
    peer_unnoted "$@" &
}

# Quoted as one would type it, but only where it must be.
note_command() {
    local word line=
    for word in "$@"; do
        if [[ $word =~ [^A-Za-z0-9_./:,@%+=-] ]]; then word="'$word'"; fi
        line+="$word "
    done
    line=${line% }
    grep -qxF -- "$line" "$work/commands" || echo "$line" >>"$work/commands"
}

# wait_until WHAT COMMAND...: up to ten seconds until the command succeeds.
wait_until() {
    local what=$1 _
    shift
    for _ in {1..100}; do
        if "$@" >/dev/null 2>&1; then return; fi
        sleep 0.1
    done
    fail "$EXIT_FAILED" "$what did not come up within 10 seconds: $(tail -n 1 "$work/output.log")"
}
