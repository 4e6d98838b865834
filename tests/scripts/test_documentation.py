#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds README.md and docs/element.md to the element of a build.

    test_documentation.py ROOT
"""
import os
import re
import subprocess
import sys
import unittest

ROOT = sys.argv[1]
# The interpreter that Debian's python3-gi is made for.
PYTHON = "/usr/bin/python3"
PRINT_STATS = """
import gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst
Gst.init(None)
print(Gst.ElementFactory.make("kyutaistt").get_property("stats").to_string())
"""
TYPES = {"gdouble": "double", "gint": "int"}


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def run(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def section(text, title):
    return text.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def command_of(text):
    """The first block of shell commands."""
    return re.search(r"^ {4}\S.*(?:\n {4}.*)*", text, re.MULTILINE)[0]


def named(cell):
    return re.findall(r"`([^`]+)`", cell)


def documented(title):
    """The rows of a table of docs/element.md: their cells."""
    lines = section(read("docs", "element.md"), title).splitlines()
    rows = [line.strip("|").split("|") for line in lines if line.startswith("|")]
    return rows[2:]


def structures_of(output, name):
    """Names and types of the fields of every structure of this name."""
    return [re.findall(r"([\w-]+)=\((?:\(.*?\))?(\w+)\)", line)
            for line in output.splitlines() if f"{name}, " in line]


def properties_of_the_element():
    inspection = run("gst-inspect-1.0", "kyutaistt").split("Element Properties:")[1]
    return set(re.findall(r"^  ([\w-]+) +: ", inspection, re.MULTILINE)) - {"name", "parent", "qos"}


def property_table(*path):
    """Names in the first column of the table of properties of a page."""
    table = read(*path).split("| property | what it does |\n", 1)[1].split("\n\n", 1)[0]
    return [name for line in table.splitlines() if line.startswith("| `")
            for name in named(line.split("|")[1])]


class Readme(unittest.TestCase):
    def test_its_properties_are_the_elements(self):
        table = property_table("README.md")
        self.assertEqual(len(table), 6)
        self.assertEqual(set(table) - properties_of_the_element(), set())

    def test_its_first_pipeline_prints_what_it_says(self):
        text = read("README.md")
        printed = text.split("\nprints\n\n```\n", 1)[1].split("```", 1)[0]
        self.assertIn("Northwest three to five", printed)
        self.assertEqual(run("sh", "-e", "-c", command_of(text)).strip(), printed.strip())

    def test_its_picture_is_what_the_script_draws(self):
        # A pixel more or less is the decoder's.
        drawn = run("python3", "examples/draw_words.py", "examples/model", "asr_is_en",
                    "examples/samples/forecast-01.flac")
        texts = re.compile(r"<text.*?</text>")
        self.assertEqual(texts.findall(drawn), texts.findall(read("docs", "words.svg")))

    def test_the_picture_of_captions_is_what_the_script_draws(self):
        drawn = run(PYTHON, "tests/bench/draw_captions.py", "examples/model", "asr_is_en",
                    "examples/samples/forecast-01.flac")
        texts = re.compile(r"<text.*?</text>")
        here, there = (texts.findall(picture) for picture in (drawn, read("docs", "captions.svg")))
        # On a busy machine, a text may come a frame later and miss its moment.
        self.assertLess(len(set(here) ^ set(there)), 5)
        self.assertGreater(len(set(here) & set(there)), 30)

    def test_it_names_the_packages_that_the_demo_installs(self):
        packages = command_of(section(read("README.md"), "Installing")).split("meson setup")[0]
        demo = re.search(r'install-packages\.sh" \\\n((?:.*\\\n)*.*)', read("examples", "run-demo.sh"))
        missing = set(demo[1].split()) - set(packages.split()) - {"\\", "python3"}
        self.assertEqual(missing, set())

    def test_every_link_leads_somewhere(self):
        pages = [os.path.join("docs", name) for name in os.listdir(os.path.join(ROOT, "docs"))
                 if name.endswith(".md")]
        for page in ["README.md", "CONTRIBUTING.md", os.path.join("examples", "README.md"), *pages]:
            for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", read(page)):
                target = os.path.join(ROOT, os.path.dirname(page), link)
                self.assertTrue(os.path.exists(target), f"{page}: {link}")


class Element(unittest.TestCase):
    def test_its_page_has_every_property(self):
        properties = properties_of_the_element()
        self.assertIn("cue-preset", properties)
        table = property_table("docs", "element.md")
        self.assertEqual(sorted(table), sorted(properties))


class Structures(unittest.TestCase):
    def test_messages(self):
        output = run("gst-launch-1.0", "-m", "filesrc", "location=examples/samples/forecast-01.flac",
                     "!", "decodebin", "!", "kyutaistt", "model=examples/model", "post-words=true",
                     "post-pauses=true", "!", "text/x-raw", "!", "fakesink")
        for message, _, fields in documented("Messages"):
            name = named(message)[0]
            found = structures_of(output, name)
            # Where all goes well, no context is renewed; test_text_output.cpp has this message.
            self.assertEqual(bool(found), name != "kyutaistt/renewed", name)
            for structure in found:
                self.assertEqual({field for field, _ in structure}, set(named(fields)), name)
                for _, kind in structure:
                    self.assertIn(kind, fields.replace("gdouble", "double"))

    def test_statistics(self):
        if subprocess.run([PYTHON, "-c", "import gi"], check=False, capture_output=True).returncode:
            self.skipTest("python3-gi is not installed")
        found = structures_of(run(PYTHON, "-c", PRINT_STATS), "application/x-kyutaistt-stats")
        documented_fields = [(named(field)[0], TYPES.get(kind.strip(), kind.strip()))
                             for field, kind, _ in documented("Statistics")]
        self.assertEqual(found, [documented_fields])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
