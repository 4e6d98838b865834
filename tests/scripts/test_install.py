#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Installs a build into a folder and uses what lies there: program, plugin, modules, library.

    test_install.py SOURCE BUILD COMPILER
"""
import glob
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE, BUILD, COMPILER = sys.argv[1:]
# The Meson that runs the tests has set up the build.
MESON = shlex.split(os.environ.get("MESONINTROSPECT", "/usr/bin/meson introspect"))[:-1]
EXAMPLES = os.path.join(SOURCE, "examples")
MODEL = os.path.join(EXAMPLES, "model")
SAMPLE = os.path.join(EXAMPLES, "samples", "forecast-01.flac")
ENGLISH = ("Northwest three to five meters per second, mostly dry. "
           "West two to four meters per second, bright weather.")


def only(pattern):
    found = glob.glob(pattern, recursive=True)
    assert len(found) == 1, (pattern, found)
    return found[0]


def has_module(name):
    return os.path.exists(os.path.join(BUILD, "lib", f"libkyutaistt-{name}.so"))


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        subprocess.run([*MESON, "install", "-C", BUILD, "--no-rebuild", "--destdir", cls.folder],
                       check=True, capture_output=True)
        cls.library_folder = os.path.dirname(only(f"{cls.folder}/**/libkyutaistt.so"))
        cls.program = only(f"{cls.folder}/**/bin/kyutaistt")
        # Nothing of the build may help.
        cls.environment = {key: value for key, value in os.environ.items()
                           if not key.startswith(("GST_", "KYUTAISTT_"))}
        cls.environment["LD_LIBRARY_PATH"] = cls.library_folder
        cls.environment["GST_REGISTRY"] = os.path.join(cls.folder, "registry.bin")
        cls.environment["GST_PLUGIN_PATH"] = os.path.join(cls.library_folder, "gstreamer-1.0")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def run_command(self, command, status=0, **options):
        environment = {**self.environment, **options.pop("environment", {})}
        result = subprocess.run(command, capture_output=True, check=False, env=environment,
                                **options)
        self.assertEqual(result.returncode, status, (command, result.stdout, result.stderr))
        return result.stdout.decode() + result.stderr.decode()

    def test_the_program_finds_its_library_and_plugin(self):
        output = self.run_command([self.program, "transcribe", MODEL, SAMPLE, "--domain",
                                   "asr_is_en"])
        self.assertIn(ENGLISH, output)

    def test_the_element_is_there(self):
        output = self.run_command(["gst-inspect-1.0", "kyutaistt"])
        self.assertIn(self.library_folder, output)
        self.assertIn("Text/Audio/Filter", output)

    def test_completion_and_manual_come_with_it(self):
        completion = only(f"{self.folder}/**/bash-completion/completions/kyutaistt")
        self.run_command(["bash", "-c", f"source {completion} && complete -p kyutaistt"])
        pages = glob.glob(os.path.join(BUILD, "gst", "program", "*.1"))
        for page in pages:
            with open(only(f"{self.folder}/**/man1/{os.path.basename(page)}"), encoding="utf-8") as file:
                self.assertIn(".SH SYNOPSIS", file.read())
        if shutil.which("help2man") is not None:
            self.assertIn("kyutaistt-evaluate.1", [os.path.basename(page) for page in pages])

    def test_the_programs_in_python_come_with_it(self):
        modules = {"kyutaistt-hls": "gi", "kyutaistt-caption-page": "gi, aiohttp", "kyutaistt-service": "gi, aiohttp"}
        for name, needed in modules.items():
            program = only(f"{self.folder}/**/bin/{name}")
            if subprocess.run(["/usr/bin/python3", "-c", f"import {needed}"], check=False).returncode == 0:
                self.assertIn(f"usage: {name}", self.run_command([program, "--help"]))
        self.assertTrue(only(f"{self.folder}/**/caption_page/page.html"))

    # The program's library is found by its place, and the modules by the library's.

    @unittest.skipUnless(has_module("torch"), "built without libtorch")
    def test_libtorch_is_found_beside_the_library(self):
        output = self.run_command([self.program, "bench", "--synthetic", "tiny", "--seconds", "1"],
                                  environment={"KYUTAISTT_OPERATIONS": "libtorch"})
        self.assertIn("libtorch", output)

    @unittest.skipUnless(has_module("sentencepiece"), "built without sentencepiece")
    def test_sentencepiece_is_found_beside_the_library(self):
        model = os.path.join(self.folder, "sentencepiece-model")
        shutil.copytree(os.path.join(SOURCE, "tests", "golden", "hf-f32"), model)
        os.remove(os.path.join(model, "tokenizer.json"))
        shutil.copy(os.path.join(SOURCE, "tests", "golden", "tokenizer", "tokenizer.model"), model)
        self.assertIn("sentencepiece", self.run_command([self.program, "info", model]))

    def test_a_program_of_a_stranger_builds_and_runs(self):
        description = os.path.dirname(only(f"{self.folder}/**/kyutaistt.pc"))
        prefix = only(f"{self.folder}/**/include/kyutaistt").removesuffix("/include/kyutaistt")
        flags = self.run_command(["pkg-config", f"--define-variable=prefix={prefix}", "--cflags",
                                  "--libs", "kyutaistt"],
                                 environment={"PKG_CONFIG_PATH": description}).split()
        program = os.path.join(self.folder, "recognise")
        self.run_command([COMPILER, "-std=c++20", "-Wall", "-Wextra", "-Werror", "-pedantic",
                          os.path.join(EXAMPLES, "recognise.cpp"), *flags, "-o", program])
        raw = os.path.join(self.folder, "audio.f32")
        self.run_command(["gst-launch-1.0", "--quiet", "filesrc", f"location={SAMPLE}", "!",
                          "decodebin", "!", "audioconvert", "!",
                          "audio/x-raw,format=F32LE,channels=1,rate=24000", "!", "filesink",
                          f"location={raw}"])
        with open(raw, "rb") as audio:
            output = self.run_command([program, MODEL, "asr_is_en"], stdin=audio)
        self.assertEqual(" ".join(line.split(" ", 1)[1] for line in output.splitlines()), ENGLISH)
        output = self.run_command([program, "/nowhere", "asr_is_en"], status=1)
        self.assertIn("/nowhere", output)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
