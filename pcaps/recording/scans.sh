# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The captures of scanners.

readonly BLOCKS_SCANNER="blocks $SCANNER at its 4th port"
readonly UNSEEN='limitation: blocks nobody, every segment carries ACK'
readonly ONE_PORT='limitation: blocks nobody, one port is no scan of a host'

# scan COMMAND...: recorded against a target with open ports 21, 22, 80, 443.
scan() {
    lab_up "$SCANNER"
    serve web ssh ftp
    sniff_start
    peer "$@"
    sniff_stop
}

capture nmap-syn.pcap nmap 'SYN scan of the 1,000 usual ports' "$BLOCKS_SCANNER"
record_nmap_syn() { scan nmap -n -sS "$TARGET"; }

capture nmap-connect.pcap nmap 'connect() scan' "$BLOCKS_SCANNER"
record_nmap_connect() { scan nmap -n -sT "$TARGET"; }

capture nmap-null.pcap nmap 'NULL scan: no flag' "$BLOCKS_SCANNER"
record_nmap_null() { scan nmap -n -sN --top-ports 300 "$TARGET"; }

capture nmap-fin.pcap nmap 'FIN scan' "$BLOCKS_SCANNER"
record_nmap_fin() { scan nmap -n -sF --top-ports 300 "$TARGET"; }

capture nmap-xmas.pcap nmap 'Xmas scan: FIN, PSH, URG' "$BLOCKS_SCANNER"
record_nmap_xmas() { scan nmap -n -sX --top-ports 300 "$TARGET"; }

capture nmap-synfin.pcap nmap 'SYN\|FIN scan' "$BLOCKS_SCANNER"
record_nmap_synfin() { scan nmap -n -sS --scanflags SYNFIN --top-ports 300 "$TARGET"; }

capture nmap-maimon.pcap nmap 'Maimon scan: FIN\|ACK' "$UNSEEN"
record_nmap_maimon() { scan nmap -n -sM --top-ports 300 "$TARGET"; }

capture nmap-ack.pcap nmap 'ACK scan' "$UNSEEN"
record_nmap_ack() { scan nmap -n -sA --top-ports 300 "$TARGET"; }

capture nmap-window.pcap nmap 'Window scan: ACK' "$UNSEEN"
record_nmap_window() { scan nmap -n -sW --top-ports 300 "$TARGET"; }

capture nmap-fragments.pcap nmap 'SYN scan in fragments of 8 bytes: ports readable, flags not' \
    "$BLOCKS_SCANNER"
record_nmap_fragments() { scan nmap -n -sS -f --top-ports 100 "$TARGET"; }

capture nmap-fragments16.pcap nmap 'SYN scan in fragments of 16 bytes: flags readable' \
    "$BLOCKS_SCANNER"
record_nmap_fragments16() { scan nmap -n -sS --mtu 16 --top-ports 100 "$TARGET"; }

readonly DECOYS=192.0.2.1,198.51.100.7,203.0.113.5
capture nmap-decoys.pcap nmap 'SYN scan among forged sources' \
    "blocks $SCANNER and the three decoys, each at its 4th port: forged probes count too"
record_nmap_decoys() { scan nmap -n -sS -F -D "$DECOYS,ME" "$TARGET"; }

capture nmap-ipv6.pcap nmap 'SYN scan over IPv6' 'blocks fd11:0:0:1::/64 at its 4th port'
record_nmap_ipv6() {
    lab_up "$SCANNER"
    lab_ipv6
    serve ssh
    sniff_start
    peer nmap -n -6 -sS --top-ports 300 "$TARGET6"
    sniff_stop
}

capture nmap-slow.pcap nmap 'SYN scan, a probe each 15 seconds' \
    "$BLOCKS_SCANNER; nobody with a window below 15s"
record_nmap_slow() { scan nmap -n -sS -T1 -p 21,22,25,80,110,443 "$TARGET"; }

capture nmap-slower.pcap nmap 'SYN scan, a probe each 65 seconds' \
    "limitation: blocks nobody, each probe finds the window over; $SCANNER with a window of 2m"
record_nmap_slower() { scan nmap -n -sS --scan-delay 65s -p 21,22,25,80,443 "$TARGET"; }

capture nmap-version.pcap 'nmap nginx openssh-server vsftpd' \
    'Version detection: connections with payload after the scan' "$BLOCKS_SCANNER"
record_nmap_version() { scan nmap -n -sV --version-light --top-ports 100 "$TARGET"; }

capture nmap-allports.pcap.zst nmap 'SYN scan of all 65,535 ports, its first 20,000 frames' \
    "$BLOCKS_SCANNER"
record_nmap_allports() {
    lab_up "$SCANNER"
    serve web ssh ftp
    sniff_start -c 20000
    peer nmap -n -sS -p- "$TARGET"
    sniff_stop
}

# scan_many_hosts COMMAND...: recorded against 254 hosts that serve the web.
scan_many_hosts() {
    lab_up "$SCANNER"
    lab_many_hosts
    serve web
    sniff_start
    peer "$@"
    sniff_stop
}

capture nmap-sweep.pcap nmap 'SYN scan of port 80 on 254 hosts' "$ONE_PORT"
record_nmap_sweep() { scan_many_hosts nmap -n -sS -p 80 "$MANY_HOSTS"; }

capture zmap.pcap zmap 'SYN scan of port 80 on 254 hosts' "$ONE_PORT"
record_zmap() {
    scan_many_hosts zmap -i eth0 -S "$SCANNER" -G "$TARGET_MAC" -b /dev/null -r 500 -c 2 -q \
        -p 80 -o /dev/null "$MANY_HOSTS"
}

# masscan has a TCP stack of its own, hence an address that the kernel does not have. It goes on
# waiting for answers after its --wait; what ends it is the time-out.
capture masscan.pcap masscan 'SYN scan of 1,000 ports, nanosecond time stamps' \
    "blocks $MASSCAN_SOURCE at its 4th port"
record_masscan() {
    lab_up "$SCANNER"
    serve web ssh ftp
    sniff_start --time-stamp-precision=nano
    peer timeout 8 masscan -e eth0 --adapter-ip "$MASSCAN_SOURCE" --router-mac "$TARGET_MAC" \
        -p 1-1000 --rate 1000 --wait 2 "$TARGET" || true
    sniff_stop
}

capture hping3-syn.pcap hping3 'SYN scan of 500 ports' "$BLOCKS_SCANNER"
record_hping3_syn() { scan hping3 -S --scan 1-500 "$TARGET"; }

capture hping3-flood.pcap.gz hping3 'SYN flood of one port from random sources, cut' \
    'blocks nobody: each source touches one port'
record_hping3_flood() {
    lab_up "$SCANNER"
    serve web
    sniff_start -c 10000
    peer hping3 -q -S --rand-source -p 80 -i u100 -c 10000 "$TARGET" || true # no answer is for it
    sniff_stop
}

capture hping3-flood-nmap.pcap.gz 'hping3 nmap' 'SYN scan behind a flood from random sources' \
    "$BLOCKS_SCANNER, in mid-flood"
record_hping3_flood_nmap() {
    lab_up "$SCANNER"
    serve web ssh ftp
    sniff_start
    peer_background hping3 -q -S --rand-source -p 80 -i u500 -c 6000 "$TARGET"
    local flood=$!
    sleep 1
    peer nmap -n -sS -F --scan-delay 10ms "$TARGET"
    wait "$flood" || true
    sniff_stop
}
