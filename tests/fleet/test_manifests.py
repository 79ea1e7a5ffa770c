#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-or-later
"""What loader/deploy has for many hosts, as far as that needs no kernel: the DaemonSet against the
models of the Kubernetes API, alerts by promtool, and that no alert lacks a case."""

import json
import pathlib
import re
import subprocess
import unittest

import kubernetes.client
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "loader/deploy"
RULES = DEPLOY / "prometheus/xdp-portscan.rules.yml"
CASES = sorted(ROOT.glob("tests/fleet/*.test.yml"))
MODELS = {"Namespace": "V1Namespace", "ConfigMap": "V1ConfigMap", "DaemonSet": "V1DaemonSet"}


def manifests():
    return list(yaml.safe_load_all((DEPLOY / "kubernetes/daemonset.yml").read_text()))


def as_the_api_reads_it(manifest):
    """There and back through the classes that are made from the API's schema: what they do not know
    is gone then, and a value of another type is an error."""
    client = kubernetes.client.ApiClient()
    body = type("Response", (), {"data": json.dumps(manifest)})
    model = client.deserialize(body, MODELS[manifest["kind"]])
    return client.sanitize_for_serialization(model)


class Manifests(unittest.TestCase):
    def test_are_what_the_api_knows(self):
        self.assertEqual([m["kind"] for m in manifests()], ["Namespace", "ConfigMap", "DaemonSet"])
        for manifest in manifests():
            self.assertEqual(as_the_api_reads_it(manifest), manifest)

    def test_the_check_sees_a_wrong_key_and_a_missing_one(self):
        wrong = manifests()[2]
        wrong["spec"]["template"]["spec"]["hostNetworking"] = True
        self.assertNotEqual(as_the_api_reads_it(wrong), wrong)
        del wrong["spec"]["selector"]
        with self.assertRaises(ValueError):
            as_the_api_reads_it(wrong)

    def test_names_inside_agree(self):
        _, settings, daemons = manifests()
        pod = daemons["spec"]["template"]
        self.assertEqual(daemons["spec"]["selector"]["matchLabels"], pod["metadata"]["labels"])
        volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
        self.assertEqual(volumes["configuration"]["configMap"]["name"], settings["metadata"]["name"])
        for container in pod["spec"]["containers"] + pod["spec"]["initContainers"]:
            for mount in container["volumeMounts"]:
                self.assertIn(mount["name"], volumes)
        loader = pod["spec"]["containers"][0]
        folder = next(m["mountPath"] for m in loader["volumeMounts"] if m["name"] == "configuration")
        self.assertIn(f"{folder}/{next(iter(settings['data']))}", loader["args"])

    def test_the_pod_has_three_capabilities_and_no_more(self):
        loader = manifests()[2]["spec"]["template"]["spec"]["containers"][0]["securityContext"]
        self.assertEqual(loader["capabilities"], {"drop": ["ALL"], "add": ["BPF", "NET_ADMIN", "PERFMON"]})
        self.assertTrue(loader["runAsNonRoot"] and loader["readOnlyRootFilesystem"])
        self.assertNotIn("privileged", loader)


class Alerts(unittest.TestCase):
    def test_promtool_takes_rules_and_configuration(self):
        for what, name in (("rules", "xdp-portscan.rules.yml"), ("config", "prometheus.yml")):
            done = subprocess.run(["promtool", "check", what, DEPLOY / "prometheus" / name],
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_cases_come_out(self):
        done = subprocess.run(["promtool", "test", "rules", *CASES], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_each_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not(self):
        alerts = {rule["alert"] for group in yaml.safe_load(RULES.read_text())["groups"]
                  for rule in group["rules"]}
        fires, rests = set(), set()
        for path in CASES:
            for test in yaml.safe_load(path.read_text())["tests"]:
                for case in test["alert_rule_test"]:
                    (fires if case.get("exp_alerts") else rests).add(case["alertname"])
        self.assertEqual(fires, alerts)
        self.assertEqual(rests, alerts)

    def test_metrics_that_are_named_are_exported(self):
        """By the source of the exporter; test_pod.py looks at the running one."""
        exporter = (ROOT / "loader/metrics.cpp").read_text()
        for name in re.findall(r"xdp_portscan_(?:family_)?(\w+)", RULES.read_text()):
            self.assertIn(f'"{name}"', exporter)


if __name__ == "__main__":
    unittest.main(verbosity=2)
