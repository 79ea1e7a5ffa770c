#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-or-later
"""The loader as the DaemonSet runs it, and Prometheus as the files beside it tell. Runs as root, in
namespaces of its own:
    unshare --net --mount --pid --fork --kill-child --mount-proc tests/fleet/test_pod.py"""

import ctypes
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import time
import unittest
import urllib.parse
import urllib.request

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests")]

import sandbox

DEPLOY = ROOT / "loader/deploy"
SCRATCH = pathlib.Path("/mnt")
NODE = f"{sandbox.ADDRESS}:7979"
PROMETHEUS = "http://127.0.0.1:9090"
INTERVAL = 1    # seconds between two scrapes


def manifest(number):
    return list(yaml.safe_load_all((DEPLOY / "kubernetes/daemonset.yml").read_text()))[number]


def settings():
    return manifest(1)["data"]


def pod():
    return manifest(2)["spec"]["template"]["spec"]


def wait_for(what, condition, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_KEEPCAPS, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 8, 24, 38
NUMBERS = {"CHOWN": 0, "NET_ADMIN": 12, "PERFMON": 38, "BPF": 39}
LAST_CAPABILITY = int(pathlib.Path("/proc/sys/kernel/cap_last_cap").read_text())


def become(security):
    """What a container runtime does of a securityContext before it runs the program: the capabilities
    that are added bound, permitted and effective, none of them inheritable or ambient."""
    added = [NUMBERS[name] for name in security["capabilities"]["add"]]
    for number in range(LAST_CAPABILITY + 1):
        if number not in added:
            call(LIBC.prctl, PR_CAPBSET_DROP, number, 0, 0, 0)
    call(LIBC.prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(*[security["runAsGroup"]] * 3)
    os.setresuid(*[security["runAsUser"]] * 3)
    mask = sum(1 << number for number in added)
    words = [part for shift in (0, 32) for part in (mask >> shift & 0xffffffff,) * 2 + (0,)]
    call(LIBC.capset, struct.pack("Ii", 0x20080522, 0), struct.pack("6I", *words))
    if not security["allowPrivilegeEscalation"]:
        call(LIBC.prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def call(function, *arguments):
    if function(*arguments) != 0:
        raise OSError(ctypes.get_errno(), f"{function.__name__}{arguments}")


def start(container, program, log):
    """One of the pod's containers, as far as its user, capabilities and mounts go."""
    words = container.get("command", [program]) + container.get("args", [])
    with open(log, "wb") as out:
        return subprocess.Popen(
            [word.replace("$(NODE_ADDRESS)", sandbox.ADDRESS) for word in words], stdout=out,
            stderr=out, preexec_fn=lambda: become(container["securityContext"]))


def prepare_node():
    """What the kubelet does: the folder on the host, mounted where the pod has it, and the image with
    its file capabilities."""
    (pins,) = [v["hostPath"]["path"] for v in pod()["volumes"] if v["name"] == "pins"]
    inside = next(m["mountPath"] for m in pod()["containers"][0]["volumeMounts"] if m["name"] == "pins")
    os.mkdir(pins, 0o755)
    os.mkdir(inside)
    sandbox.do("mount", "--bind", pins, inside)
    os.mkdir("/etc/xdp-portscan")
    for name, text in settings().items():
        pathlib.Path("/etc/xdp-portscan", name).write_text(text)
    image = SCRATCH / "image"
    image.mkdir()
    shutil.copy(ROOT / "build/bin/xdp-portscan", image)
    sandbox.do("setcap", "cap_bpf,cap_net_admin,cap_perfmon+ep", image / "xdp-portscan")
    return str(image / "xdp-portscan"), inside


def get(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def megabytes(text):
    return int(re.fullmatch(r"(\d+)Mi", text)[1])


class Pod(unittest.TestCase):
    """One node, one pod; the tests go by their names, in the order of its life."""

    @classmethod
    def setUpClass(cls):
        sandbox.enter(ROOT)
        cls.program, cls.pins = prepare_node()
        cls.log = SCRATCH / "loader"
        cls.loader = None

    @classmethod
    def tearDownClass(cls):
        if cls.loader:
            cls.loader.kill()
            cls.loader.wait()

    def test_1_needs_the_init_container(self):
        process = start(pod()["containers"][0], self.program, self.log)
        self.assertNotEqual(process.wait(20), 0)
        self.assertIn("belongs to user 0", self.log.read_text())
        init = start(pod()["initContainers"][0], "", self.log)
        self.assertEqual(init.wait(20), 0, self.log.read_text())

    def test_2_needs_the_file_capabilities(self):
        plain = SCRATCH / "plain"
        shutil.copy(self.program, plain)
        process = start(pod()["containers"][0], str(plain), self.log)
        self.assertEqual(process.wait(20), 3, self.log.read_text())

    def test_3_runs_as_a_user_and_sees_a_scan(self):
        type(self).loader = start(pod()["containers"][0], self.program, self.log)
        wait_for("the loader is up", lambda: "running as process" in self.log.read_text())
        status = pathlib.Path(f"/proc/{self.loader.pid}/status").read_text()
        self.assertRegex(status, r"Uid:\s+65532\s+65532")
        self.assertRegex(status, r"NoNewPrivs:\s+1")
        sandbox.scan()
        blocked = subprocess.run(
            ["setpriv", "--reuid=65532", "--regid=65532", "--clear-groups", self.program, "list",
             "--blocked", "--pin-dir", self.pins], capture_output=True, text=True)
        self.assertIn("203.0.113.7", blocked.stdout, blocked.stderr)
        self.assertNotIn("10.0.0.1", blocked.stdout)  # of the nodes' network, which is allowed

    def test_4_stays_within_its_memory_limit_which_is_not_far_off(self):
        kernel = json.loads(subprocess.run(
            ["setpriv", "--reuid=65532", "--regid=65532", "--clear-groups", self.program, "status",
             "--json", "--pin-dir", self.pins], capture_output=True, text=True, check=True).stdout)
        maps = kernel["kernel_memory_bytes"] / 2**20
        status = pathlib.Path(f"/proc/{self.loader.pid}/status").read_text()
        resident = int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024
        self.assertLessEqual(maps, 150)
        self.assertLessEqual(resident, 10)
        worst = maps + resident + 0.1 * 625  # docs/loader.md: for each thousand blocks
        resources = pod()["containers"][0]["resources"]
        self.assertLessEqual(worst, megabytes(resources["limits"]["memory"]))
        self.assertGreaterEqual(2 * worst, megabytes(resources["limits"]["memory"]))
        self.assertLessEqual(maps + resident, megabytes(resources["requests"]["memory"]))

    def test_5_is_scraped_and_the_dashboard_has_data_everywhere(self):
        with Prometheus() as prometheus:
            wait_for("five scrapes", lambda: prometheus.value('count_over_time(up[1m])') >= 3)
            sandbox.scan()
            wait_for("more scrapes", lambda: prometheus.value('count_over_time(up[1m])') >= 6)
            self.assertEqual(prometheus.value("up"), 1)
            self.assertGreaterEqual(prometheus.value("xdp_portscan_blocks_total"), 1)
            self.assertGreaterEqual(prometheus.value("rate(xdp_portscan_would_drop_total[1m])"), 0.001)
            dashboard = json.loads((DEPLOY / "grafana/xdp-portscan.json").read_text())
            queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
            self.assertGreater(len(queries), 15)
            for query in queries:
                self.assertTrue(prometheus.query(filled_in(query)), query)
            self.assertFalse(prometheus.query('xdp_portscan_no_such_metric{instance=~".*"}'))
            for group in prometheus.api("rules")["groups"]:
                for rule in group["rules"]:
                    self.assertEqual(rule["health"], "ok", rule)
            (host,) = prometheus.api("label/instance/values?match[]=xdp_portscan_build_info")
            self.assertEqual(host, NODE)

    def test_6_leaves_the_filter_on_for_the_next_pod(self):
        self.loader.terminate()
        self.assertEqual(self.loader.wait(20), 0, self.log.read_text())
        self.assertTrue([name for name in os.listdir(self.pins) if name.startswith("link_")])
        type(self).loader = start(pod()["containers"][0], self.program, self.log)
        wait_for("the next one is up", lambda: "running as process" in self.log.read_text())


class Prometheus:
    """A real one with the files of loader/deploy, but for how often it scrapes, and whom."""

    def __enter__(self):
        shutil.copytree(DEPLOY / "prometheus", SCRATCH / "prometheus")
        configuration = SCRATCH / "prometheus/prometheus.yml"
        configuration.write_text(configuration.read_text().replace("15s", f"{INTERVAL}s").replace(
            "127.0.0.1:7979", NODE))
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={configuration}", f"--storage.tsdb.path={SCRATCH}/tsdb",
             "--web.listen-address=127.0.0.1:9090", "--log.level=warn"])
        wait_for("Prometheus is ready", self.ready, 60)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def ready(self):
        try:
            return get(f"{PROMETHEUS}/-/ready")
        except OSError:
            return None

    def api(self, path):
        answer = json.loads(get(f"{PROMETHEUS}/api/v1/{path}"))
        assert answer["status"] == "success", answer
        return answer["data"]

    def query(self, expression):
        return self.api("query?" + urllib.parse.urlencode({"query": expression}))["result"]

    def value(self, expression):
        result = self.query(expression)
        return float(result[0]["value"][1]) if result else 0


def filled_in(query):
    """As Grafana does with its variables."""
    return query.replace("$__rate_interval", "1m").replace("$__range", "1h").replace("$instance", ".*")


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
