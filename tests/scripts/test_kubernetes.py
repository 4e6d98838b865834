#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The example for Kubernetes: its form, its options, and resources that fit the 1B model.

    test_kubernetes.py PROGRAM EXAMPLES
"""
import os
import re
import subprocess
import sys
import unittest

import yaml

PROGRAM, EXAMPLES = sys.argv[1:3]
UNITS = {"Mi": 2**20, "Gi": 2**30}


def size(quantity):
    number, unit = re.fullmatch(r"(\d+)(Mi|Gi)", quantity).groups()
    return int(number) * UNITS[unit]


class Job(unittest.TestCase):
    def setUp(self):
        with open(os.path.join(EXAMPLES, "kubernetes", "transcribe.yaml"), encoding="utf-8") as file:
            self.job = yaml.safe_load(file)
        self.spec = self.job["spec"]
        self.pod = self.spec["template"]["spec"]
        self.container, = self.pod["containers"]
        self.options = dict(option.removeprefix("--").split("=") if "=" in option else (option.removeprefix("--"), None)
                            for option in self.container["args"])

    def test_it_is_an_indexed_job(self):
        self.assertEqual((self.job["apiVersion"], self.job["kind"]), ("batch/v1", "Job"))
        self.assertRegex(self.job["metadata"]["name"], r"^[a-z0-9-]+$")
        self.assertEqual(self.spec["completionMode"], "Indexed")
        self.assertLessEqual(self.spec["parallelism"], self.spec["completions"])
        # What the API demands of a Job with a policy for failures.
        self.assertEqual(self.pod["restartPolicy"], "Never")
        rule, = self.spec["podFailurePolicy"]["rules"]
        self.assertEqual(rule["onExitCodes"]["containerName"], self.container["name"])
        self.assertEqual(rule["onExitCodes"]["values"], sorted(rule["onExitCodes"]["values"]))
        known = {"completionMode", "completions", "parallelism", "backoffLimitPerIndex", "podFailurePolicy", "template"}
        self.assertEqual(set(self.spec), known)
        self.assertEqual(set(self.container), {"name", "image", "command", "args", "resources", "volumeMounts"})

    def test_the_program_knows_the_options(self):
        known = subprocess.run([PROGRAM, *self.container["command"][1:2], "--help"], stdout=subprocess.PIPE, text=True,
                               check=True).stdout.split()
        for option in self.options:
            self.assertIn("--" + option, known)
        self.assertEqual(self.options["shard"], f"auto/{self.spec['completions']}")

    def test_volumes_are_there_and_the_model_is_read_only(self):
        volumes = {volume["name"]: volume for volume in self.pod["volumes"]}
        mounts = {mount["name"]: mount for mount in self.container["volumeMounts"]}
        self.assertEqual(set(volumes), set(mounts))
        self.assertTrue(mounts["model"]["readOnly"])
        self.assertTrue(volumes["model"]["persistentVolumeClaim"]["readOnly"])
        self.assertNotIn("readOnly", mounts["results"])
        self.assertEqual(mounts["model"]["mountPath"], self.container["command"][2])
        self.assertTrue(self.options["manifest"].startswith(mounts["archive"]["mountPath"]))
        self.assertEqual(mounts["results"]["mountPath"], self.options["output-dir"])

    def test_resources_fit_the_measured_memory_of_the_model(self):
        with open(os.path.join(os.path.dirname(EXAMPLES), "docs", "performance.md"), encoding="utf-8") as file:
            text = file.read()
        stream = float(re.search(r"1B model takes ([\d.]+) MB with an int8 cache", text)[1]) * 1e6
        weights = float(re.search(r"holds the weights once: ([\d.]+) GB with int8", text)[1]) * 1e9
        needed = weights + int(self.options["parallel"]) * stream
        resources = self.container["resources"]
        self.assertGreater(size(resources["requests"]["memory"]), 1.3 * needed)
        self.assertLess(size(resources["requests"]["memory"]), 3 * needed)
        self.assertGreaterEqual(size(resources["limits"]["memory"]), size(resources["requests"]["memory"]))
        self.assertEqual(resources["requests"]["cpu"], self.options["threads"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
