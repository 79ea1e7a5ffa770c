# SPDX-License-Identifier: GPL-2.0-or-later
"""What commands of the documents run in: the caller has to be in a network, mount and process
namespace of its own, as root. The tree, /etc and /usr/local are covered, so that what a command
writes goes nowhere; `eth0` is one end of a veth pair, packets come from the other, `wire`."""

import os
import pathlib
import shutil
import socket
import struct
import subprocess

ADDRESS = "10.0.0.9"
ROUTER = "10.0.0.254"
RESOLVER = "10.0.0.53"
SCANNERS = ("10.0.0.1", "10.211.55.4", "203.0.113.7", "2001:db8::5")
PORTS = (22, 23, 25, 80)


def do(*arguments):
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, arguments))}: {done.stdout}")


def cover(folder, scratch):
    """Puts a layer over a folder that takes what is written."""
    layer = scratch / folder.strip("/").replace("/", "-")
    for name in ("upper", "work"):
        (layer / name).mkdir(parents=True)
    do("mount", "-t", "overlay", "overlay", "-o",
       f"lowerdir={folder},upperdir={layer}/upper,workdir={layer}/work", folder)


def make_network():
    do("ip", "link", "set", "lo", "up")
    do("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "wire")
    for name in ("eth0", "wire"):
        pathlib.Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6").write_text("1")
        do("ip", "link", "set", name, "up")
    do("ip", "address", "add", f"{ADDRESS}/24", "dev", "eth0")
    do("ip", "route", "add", "default", "via", ROUTER)


def give_resolver():
    """The same on every machine: the loader allows it, and says so."""
    path = pathlib.Path("/etc/resolv.conf")
    path.unlink(missing_ok=True)
    path.write_text(f"nameserver {RESOLVER}\n")


def make_programs(root, folder):
    """Our commands by their names, and sudo, which root does not need."""
    folder.mkdir()
    for name in ("xdp-portscan", "xdp-portscan-sim"):
        (folder / name).symlink_to(root / "build/bin" / name)
    sudo = folder / "sudo"
    sudo.write_text('#!/bin/sh\nexec "$@"\n')
    sudo.chmod(0o755)


def make_files(root):
    """The files that the documents take for there: captures of the reader's own, an older object."""
    sim = root / "build/bin/xdp-portscan-sim"
    do(sim, "synth", "--kind", "syn", "--source", "203.0.113.7", "--target", "192.0.2.9", "--ports",
       "443,143,3306,80,1000-2989", "--rate", "100", "-w", root / "mine.pcap")
    for folder in ("captures", "my-captures", "scenarios"):
        (root / folder).mkdir()
    for name in ("nmap-syn.pcap", "nmap-syn.scenario.toml"):
        shutil.copy(root / "pcaps" / name, root / "captures")
        shutil.copy(root / "pcaps" / name, root / "scenarios")
    shutil.copy(root / "pcaps/mixed.pcapng", root / "my-captures")
    shutil.copy(root / "pcaps/honest-ftp-passive-many.pcap", root / "ftp-passive.pcap")
    (root / "labels.csv").write_text("capture,filter,scanners\nmine.pcap,,203.0.113.7\n"
                                     "pcaps/honest-curl.pcap,,\n")
    for name in ("old.o", "new.o"):
        shutil.copy(root / "build/bpf/xdp_portscan.o", root / name)


def enter(root):
    """Makes all of that; what /tmp was is gone with it. Returns the environment for commands."""
    do("mount", "--make-rprivate", "/")
    do("mount", "-t", "tmpfs", "-o", "mode=1777", "scratch", "/mnt")
    scratch = pathlib.Path("/mnt")
    for folder in (str(root), "/etc", "/usr/local"):
        cover(folder, scratch)
    do("mount", "-t", "tmpfs", "-o", "mode=755", "run", "/run")
    do("mount", "-t", "sysfs", "sysfs", "/sys")
    do("mount", "-t", "bpf", "-o", "mode=0700", "bpf", "/sys/fs/bpf")
    os.chdir(root)  # the layer, not what it covers
    give_resolver()
    make_network()
    make_programs(root, scratch / "bin")
    make_files(root)
    environment = {**os.environ, "PATH": f"{scratch / 'bin'}:{os.environ['PATH']}",
                   "PORTSCAN_SKIP_INSTALL": "1"}
    for name in ("CI", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITLAB_CI"):
        environment.pop(name, None)
    return environment


def probe(source, port):
    """A frame with a SYN from `source`; the sums are right where the kernel looks at them."""
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    tcp = struct.pack("!HHIIBBHHH", 40000, port, 1, 0, 5 << 4, 2, 1024, 0, 0)
    if family == socket.AF_INET6:
        ip = struct.pack("!IHBB", 6 << 28, len(tcp), 6, 64) + socket.inet_pton(
            family, source) + socket.inet_pton(family, "2001:db8:1::9")
        return b"\xff" * 6 + b"\x02" + bytes(5) + b"\x86\xdd" + ip + tcp
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + socket.inet_pton(
        family, source) + socket.inet_pton(family, ADDRESS)
    total = sum(struct.unpack("!10H", ip))
    total = (total & 0xffff) + (total >> 16)
    total = ~((total & 0xffff) + (total >> 16)) & 0xffff
    return b"\xff" * 6 + b"\x02" + bytes(5) + b"\x08\x00" + ip[:10] + struct.pack("!H", total) + ip[12:] + tcp


def scan():
    """Four ports by each of the scanners, so that a filter with its defaults blocks them."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind(("wire", 0))
        for source in SCANNERS:
            for port in PORTS:
                wire.send(probe(source, port))
