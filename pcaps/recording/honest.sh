# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The captures of honest clients, and of one scanner among them.

readonly BLOCKS_NOBODY='blocks nobody'

# honest_lab SERVICE...: one client.
honest_lab() {
    lab_up "$CLIENT"
    serve "$@"
}

capture honest-curl.pcap 'curl nginx' 'curl against HTTP and HTTPS, a connection each' \
    "$BLOCKS_NOBODY"
record_honest_curl() {
    local _
    honest_lab web
    sniff_start
    for _ in {1..10}; do
        peer curl -sS -o /dev/null "http://$TARGET/1.html"
        peer curl -sSk -o /dev/null "https://$TARGET/2.html"
    done
    sniff_stop
}

# browse ADDRESS: loads as a browser does, over six parallel connections that are kept for the next
# page. In the background; its process id goes to the caller's `clients`.
browse() {
    peer_background curl -sSkZ --parallel-immediate --parallel-max 6 -A Mozilla/5.0 \
        --interface "$1" "http://$TARGET/[1-20].html" "https://$TARGET/[1-20].html"
    clients+=($!)
}

capture honest-browser.pcap 'curl nginx' \
    'Three clients load 40 pages each over parallel, kept connections' "$BLOCKS_NOBODY"
record_honest_browser() {
    local client clients=()
    lab_up "$CLIENT" "$CLIENT2" "$CLIENT3"
    serve web
    sniff_start
    for client in "$CLIENT" "$CLIENT2" "$CLIENT3"; do browse "$client"; done
    wait_for "${clients[@]}"
    sniff_stop
}

# wait_for PROCESS...: fails if one of them failed; a bare `wait` would await the services too.
wait_for() {
    local process
    for process in "$@"; do wait "$process"; done
}

capture honest-ssh.pcap 'openssh-client openssh-server' 'SSH: four sessions with a key' \
    "$BLOCKS_NOBODY"
record_honest_ssh() {
    local command
    honest_lab ssh
    sniff_start
    for command in uptime 'ls -l /etc' 'head -c 30000 /dev/zero' 'sleep 2; df'; do
        peer ssh -F ssh.conf "root@$TARGET" "$command"
    done
    sniff_stop
}

# ftp_transfers CURL OPTION... URL
ftp_transfers() {
    honest_lab ftp
    sniff_start
    peer curl -sS -o /dev/null "$@"
    sniff_stop
}

capture honest-ftp-active.pcap 'curl vsftpd' 'FTP active, three transfers' \
    "$BLOCKS_NOBODY; the server, which opens the data connections, is at three ports"
record_honest_ftp_active() { ftp_transfers -P - "ftp://$TARGET/[1-3].txt"; }

capture honest-ftp-active-many.pcap 'curl vsftpd' 'FTP active, eight transfers' \
    "limitation: blocks the server $TARGET at its 4th data connection (seen by the client's host)"
record_honest_ftp_active_many() { ftp_transfers -P - "ftp://$TARGET/[1-8].txt"; }

capture honest-ftp-passive.pcap 'curl vsftpd' \
    'FTP passive, eight transfers, the server set to two passive ports' "$BLOCKS_NOBODY"
record_honest_ftp_passive() {
    local FTP_PASSIVE_PORTS=2
    ftp_transfers "ftp://$TARGET/[1-8].txt"
}

capture honest-ftp-passive-many.pcap 'curl vsftpd' \
    'FTP passive, eight transfers, the server free to choose among 10,000 ports' \
    "limitation: blocks the client $CLIENT at its 3rd data connection; ignore the passive ports"
record_honest_ftp_passive_many() { ftp_transfers "ftp://$TARGET/[1-8].txt"; }

capture honest-iperf3.pcap iperf3 'iperf3 up, down, and in three streams; frames cut to 128 bytes' \
    "$BLOCKS_NOBODY"
record_honest_iperf3() {
    honest_lab iperf3
    sniff_start -s 128
    peer iperf3 -c "$TARGET" -n 500K
    peer iperf3 -c "$TARGET" -n 500K --reverse
    peer iperf3 -c "$TARGET" -n 100K --parallel 3
    sniff_stop
}

capture honest-refused.pcap curl 'A service that is down, tried again and again' "$BLOCKS_NOBODY"
record_honest_refused() {
    honest_lab web
    sniff_start
    peer curl -sS --retry 12 --retry-delay 1 --retry-connrefused "http://$TARGET:8080/" ||
        true # it gives up in the end
    sniff_stop
}

capture mixed.pcapng 'nmap curl openssh-client nginx' \
    'SYN scan while one client browses and another works over SSH' \
    "blocks $SCANNER at its 4th port and neither client"
record_mixed() {
    local clients=()
    lab_up "$SCANNER" "$CLIENT" "$CLIENT2"
    serve web ssh
    sniff_start
    peer_background ssh -F ssh.conf -b "$CLIENT2" "root@$TARGET" \
        'for i in 1 2 3 4 5 6 7 8; do uptime; sleep 0.4; done'
    clients+=($!)
    browse "$CLIENT"
    peer nmap -n -sS -F --scan-delay 10ms "$TARGET"
    browse "$CLIENT"
    wait_for "${clients[@]}"
    sniff_stop
}
