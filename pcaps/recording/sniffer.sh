# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tcpdump at the target's interface, and the captures it leaves.

sniffer= # its process id

# sniff_start [TCPDUMP OPTION...], e.g. -c 1000 to cut after so many frames.
#
# Without -U, --immediate-mode and a large buffer (-B, KiB) short captures lose their end although
# tcpdump reports no loss. The file's name ends in .pcap because Debian's AppArmor profile wants it.
sniff_start() {
    rm -f "$work/capture.pcap"
    ip netns exec "$TARGET_NS" tcpdump -i eth0 -n -U --immediate-mode -B 8192 -Z root \
        -w "$work/capture.pcap" "$@" 2>"$work/tcpdump.log" &
    sniffer=$!
    wait_until tcpdump test -s "$work/capture.pcap" # the header is written when it listens
}

sniff_stop() {
    sleep 1 # what the buffer still holds
    kill -INT "$sniffer" 2>/dev/null || true # it may have reached its -c
    wait "$sniffer" || true
    if grep -Eq '^[1-9][0-9]* packets? dropped by kernel' "$work/tcpdump.log"; then
        echo "pcaps/record: tcpdump lost frames; record this one again" >&2
    fi
}

# store_capture FILE: in the format that its name says; in one step, so that an interrupted
# recording leaves the old file.
store_capture() {
    local made=$work/stored
    [[ $(count_frames "$work/capture.pcap") -gt 0 ]] ||
        fail "$EXIT_FAILED" "$1: nothing was recorded: $(tail -n 1 "$work/output.log")"
    case $1 in
    *.gz) gzip -9n <"$work/capture.pcap" >"$made" ;;
    *.zst) zstd -19 -q <"$work/capture.pcap" >"$made" ;;
    *.pcapng) editcap -F pcapng "$work/capture.pcap" "$made" ;;
    *) cp "$work/capture.pcap" "$made" ;;
    esac
    install -m 644 "$made" "$1.new"
    mv "$1.new" "$1"
    rm -f "$made"
}

count_frames() {
    local unpack=cat
    case $1 in
    *.gz) unpack='zcat' ;;
    *.zst) unpack=zstdcat ;;
    esac
    $unpack "$1" | tcpdump -n -r - --count 2>/dev/null | sed -n 's/ packets\{0,1\}$//p'
}
