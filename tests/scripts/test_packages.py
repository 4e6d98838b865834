#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes the Debian packages, unpacks them, and uses what they hold.

    test_packages.py SOURCE BUILD

The build's files are installed instead of being compiled again, so it has to be configured as
debian/rules does: for /usr, with both modules. KYUTAISTT_PACKAGES names a folder of packages that
`dpkg-buildpackage` has made, to look at those.
"""
import collections
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE, BUILD = sys.argv[1:]
MADE = os.environ.get("KYUTAISTT_PACKAGES")
TOOLS = ("dh", "dpkg-deb", "dpkg-architecture", "help2man", "readelf")
PACKAGED = ("debian", "docs", "examples", "CHANGELOG.md", "README.md")
PACKAGES = {"gstreamer1.0-kyutaistt", "kyutaistt", "kyutaistt-demo", "kyutaistt-doc", "kyutaistt-live",
            "libkyutaistt-dev", "libkyutaistt-sentencepiece", "libkyutaistt-torch", "libkyutaistt0"}
# What recognition on the CPU takes.
FOR_CPU = ("gstreamer1.0-kyutaistt", "kyutaistt", "kyutaistt-demo", "libkyutaistt0")
MODULES = ("libkyutaistt-sentencepiece", "libkyutaistt-torch")
TEXT = ("Northwest three to five meters per second, mostly dry. "
        "West two to four meters per second, bright weather.")
# Debian's tools run with Debian's own Meson, Ninja and Python.
DEBIAN = {**os.environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


def output_of(*command, **options):
    result = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert result.returncode == 0, (command, result.stdout[-4000:], result.stderr[-4000:])
    return result.stdout


def option(name):
    with open(os.path.join(BUILD, "meson-info", "intro-buildoptions.json"), encoding="utf-8") as file:
        return next(entry["value"] for entry in json.load(file) if entry["name"] == name)


def reason_to_skip():
    missing = [tool for tool in TOOLS if shutil.which(tool, path=DEBIAN["PATH"]) is None]
    if missing:
        return f"found no {', '.join(missing)}"
    if MADE:
        return None
    triplet = output_of("dpkg-architecture", "-qDEB_HOST_MULTIARCH", env=DEBIAN).strip()
    for name, expected in (("prefix", "/usr"), ("libdir", f"lib/{triplet}")):
        if option(name) != expected:
            return f"the build has the {name} {option(name)}, expected {expected}"
    for module in ("torch", "sentencepiece"):
        if not os.path.exists(os.path.join(BUILD, "lib", f"libkyutaistt-{module}.so")):
            return f"the build has no module {module}"
    if not os.path.exists(os.path.join(BUILD, "examples", "kyutaistt-hls.1")):
        return "the build has no manual of kyutaistt-hls; found no python3-gi or python3-aiohttp"
    return None


def make_packages(folder):
    """Runs debian/rules on a copy of what is packaged, its compilation being done already."""
    source = os.path.join(folder, "kyutaistt")
    os.mkdir(source)
    for name in PACKAGED:
        path = os.path.join(SOURCE, name)
        copy = shutil.copytree if os.path.isdir(path) else shutil.copy
        copy(path, os.path.join(source, name))
    host = output_of("dpkg-architecture", "-qDEB_HOST_GNU_TYPE", env=DEBIAN).strip()
    os.symlink(BUILD, os.path.join(source, f"obj-{host}"))
    output_of("debian/rules", "binary", cwd=source,
              env={**DEBIAN, "DEB_BUILD_OPTIONS": "nocheck", "DEB_RULES_REQUIRES_ROOT": "no"})


class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        if not MADE:
            make_packages(cls.folder)
        files = glob.glob(os.path.join(MADE or cls.folder, "*.deb"))
        cls.packages = {os.path.basename(file).split("_")[0]: file
                        for file in files if "-dbgsym_" not in file}
        cls.root = os.path.join(cls.folder, "root")
        cls.unpack(FOR_CPU)
        cls.triplet = output_of("dpkg-architecture", "-qDEB_HOST_MULTIARCH", env=DEBIAN).strip()

    @classmethod
    def unpack(cls, names):
        for name in names:
            output_of("dpkg", "-x", cls.packages[name], cls.root, env=DEBIAN)

    def in_root(self, *command, status=0, folder="usr/share/kyutaistt", **environment):
        """Runs a command with what is unpacked, and nothing of the build."""
        library_folder = os.path.join(self.root, "usr", "lib", self.triplet)
        inherited = {key: value for key, value in os.environ.items()
                     if not key.startswith(("GST_", "KYUTAISTT_"))}
        result = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=os.path.join(self.root, folder),
            env={**inherited, "LD_LIBRARY_PATH": library_folder,
                 "GST_PLUGIN_PATH": os.path.join(library_folder, "gstreamer-1.0"),
                 "GST_REGISTRY": os.path.join(self.folder, "registry.bin"),
                 "PATH": os.path.join(self.root, "usr", "bin") + ":" + DEBIAN["PATH"], **environment})
        self.assertEqual(result.returncode, status, (command, result.stdout, result.stderr))
        return result.stdout + result.stderr

    def relation(self, package, field):
        """The packages that a field names, without versions."""
        text = output_of("dpkg-deb", "-f", self.packages[package], field, env=DEBIAN)
        return [part.split()[0] for part in text.split(",") if part.strip()]

    def files_of(self, package):
        lines = output_of("dpkg-deb", "-c", self.packages[package], env=DEBIAN).splitlines()
        return [line.split(None, 5)[5] for line in lines if not line.startswith("d")]

    def check_readme(self, folder):
        with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
            text = file.read()
        command = text[text.index("    gst-launch-1.0 "):].split("\n\n", 1)[0]
        printed = text.split("\nprints\n\n```\n", 1)[1].split("```", 1)[0]
        self.assertEqual(self.in_root("sh", "-e", "-c", command, folder=folder).strip(), printed.strip())

    def test_all_are_made_and_each_file_is_in_one(self):
        self.assertEqual(set(self.packages), PACKAGES)
        places = collections.defaultdict(list)
        for package in self.packages:
            for file in self.files_of(package):
                places[file.split(" -> ")[0]].append(package)
        self.assertEqual({file: found for file, found in places.items() if len(found) != 1}, {})

    def test_the_cpu_needs_no_module(self):
        for package in FOR_CPU:
            needed = self.relation(package, "Depends") + self.relation(package, "Recommends")
            self.assertEqual([name for name in needed
                              if "torch" in name or "sentencepiece" in name], [], package)
        self.assertEqual(set(self.relation("libkyutaistt0", "Suggests")), set(MODULES))
        for package in (*MODULES, "gstreamer1.0-kyutaistt", "libkyutaistt-dev", "kyutaistt"):
            self.assertIn("libkyutaistt0", self.relation(package, "Depends"), package)
        self.assertTrue([name for name in self.relation("libkyutaistt-torch", "Depends")
                         if name.startswith("libtorch")])

    def test_binaries_have_no_path_of_their_own(self):
        folder = os.path.join(self.folder, "all")
        for file in self.packages.values():
            output_of("dpkg", "-x", file, folder, env=DEBIAN)
        binaries = [path for pattern in ("usr/bin/kyutaistt", "usr/lib/**/*.so*")
                    for path in glob.glob(os.path.join(folder, pattern), recursive=True)]
        self.assertGreaterEqual(len(binaries), 5)
        for path in binaries:
            self.assertNotRegex(output_of("readelf", "-d", path), "R(UN)?PATH", path)

    def test_the_first_command_of_the_readme_runs_in_the_demo(self):
        self.check_readme("usr/share/kyutaistt")

    def test_the_plugin_is_the_packaged_one(self):
        output = self.in_root("gst-inspect-1.0", "kyutaistt")
        self.assertIn(os.path.join(self.root, "usr", "lib", self.triplet, "gstreamer-1.0"), output)

    def test_the_program_transcribes(self):
        output = self.in_root("kyutaistt", "transcribe", "examples/model", "examples/samples/forecast-01.flac",
                              "--domain", "asr_is_en")
        self.assertIn(TEXT, output)

    def test_libtorch_is_used_when_its_package_is_there(self):
        command = ("kyutaistt", "bench", "--synthetic", "tiny", "--seconds", "1")
        if not os.path.exists(f"/usr/lib/{self.triplet}/kyutaistt"):
            output = self.in_root(*command, status=3, KYUTAISTT_OPERATIONS="libtorch")
            self.assertIn("needs the libtorch module", output)
        self.unpack(MODULES)
        self.assertIn("libtorch", self.in_root(*command, KYUTAISTT_OPERATIONS="libtorch"))

    def test_pages_and_examples_are_where_they_link_to_each_other(self):
        self.unpack(["kyutaistt-doc"])
        folder = "usr/share/doc/kyutaistt-doc"
        links = os.path.join(self.root, folder, "examples")
        self.assertTrue(os.path.isdir(os.path.join(links, "model")))
        self.assertTrue(os.path.isdir(os.path.join(links, "samples")))
        self.assertTrue(os.path.exists(os.path.join(self.root, folder, "docs", "element.md")))
        self.check_readme(folder)

    def test_programs_of_live_captions_come_with_their_manual(self):
        self.unpack(["kyutaistt-live"])
        for program in ("kyutaistt-hls", "kyutaistt-caption-page", "kyutaistt-service"):
            self.assertIn(f"usage: {program}", self.in_root(program, "--help"))
            self.assertIn(f"./usr/share/man/man1/{program}.1.gz", self.files_of("kyutaistt-live"))

    @unittest.skipIf(shutil.which("lintian", path=DEBIAN["PATH"]) is None, "lintian is not installed")
    def test_lintian_finds_nothing(self):
        self.assertEqual(output_of("lintian", "--allow-root", "--fail-on", "error,warning",
                                   *self.packages.values(), env=DEBIAN), "")


if __name__ == "__main__":
    REASON = reason_to_skip()
    if REASON:
        print(REASON)
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
