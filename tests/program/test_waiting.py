#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The program `kyutaistt` while it waits: pipes, Ctrl-C, and what it shows meanwhile.

    test_waiting.py PROGRAM EXAMPLES
"""
import json
import os
import pty
import select
import subprocess
import sys
import tempfile
import threading
import unittest

from program import CLIPS, LONG_SILENCE, MODEL, PATIENCE, PROGRAM, SAMPLE, Pipe, run
from recordings import decode, endless_wave_header, write_matroska

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from processor_time import idle_share  # noqa: E402

ICELANDIC = CLIPS["forecast-03.flac"]["is"]


class Pipes(unittest.TestCase):
    def test_standard_input_and_a_shells_descriptors(self):
        with open(SAMPLE, "rb") as file:
            data = file.read()
        for path in ("/dev/stdin", "/dev/fd/0"):
            # The whole recording lies in the pipe, whose other end is closed.
            reader, writer = os.pipe()
            os.write(writer, data[:60000])
            os.close(writer)
            result = run("transcribe", MODEL, path, stdin=reader)
            os.close(reader)
            self.assertEqual((result.returncode, result.stdout.strip()), (0, ICELANDIC))

    def test_a_named_pipe_to_its_end(self):
        pipe = Pipe(self)
        with open(SAMPLE, "rb") as file:
            pipe.write(file.read())
        os.close(pipe.writer)
        pipe.writer = os.open(os.devnull, os.O_WRONLY)
        output, errors = pipe.process.communicate(timeout=PATIENCE)
        self.assertEqual((pipe.process.returncode, output.strip(), errors), (0, ICELANDIC, ""))

    def test_results_are_written_while_later_files_are_heard(self):
        pipe = Pipe(self, before=(SAMPLE,))
        ready, _, _ = select.select([pipe.process.stdout], [], [], PATIENCE)
        self.assertTrue(ready)
        self.assertEqual(pipe.process.stdout.readline().strip(), ICELANDIC)
        self.assertEqual(pipe.interrupt(), (130, "", ""))


class BrokenPipes(unittest.TestCase):
    def test_what_was_heard_before_a_file_fails_is_written(self):
        samples = decode(SAMPLE)
        # More than is read ahead, so that the fault comes while the recording is heard.
        samples += bytes(2 * 24000 * 60)
        packets = [samples[i:i + 9600] for i in range(0, len(samples), 9600)]
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "broken.mkv")
            write_matroska(path, packets)
            with open(path, "ab") as file:
                # A cluster of 20 MB, more than any that is read.
                file.write(bytes.fromhex("1f43b675 0100000001400014 a3 0100000001400000"))
                file.write(bytes(100000))
            for options in ((), ("--format", "json"), ("--format", "srt")):
                with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as cat:
                    result = run("transcribe", MODEL, "/dev/stdin", *options, stdin=cat.stdout)
                self.assertEqual(result.returncode, 1)
                self.assertEqual(result.stderr,
                                 "kyutaistt: /dev/stdin: Could not demultiplex stream.\n")
                if "json" in options:
                    found = json.loads(result.stdout)
                    self.assertGreater(found["duration"], 30)
                    self.assertEqual((found["text"], found["error"]),
                                     (ICELANDIC, "/dev/stdin: Could not demultiplex stream."))
                else:
                    self.assertIn(ICELANDIC.split()[-1], result.stdout)


class Interruption(unittest.TestCase):
    def test_while_nothing_comes(self):
        self.assertEqual(Pipe(self).interrupt(), (130, "", ""))

    def test_in_the_middle_of_a_file_what_was_recognised_is_written(self):
        samples = decode(SAMPLE)
        for options in ((), ("--format", "json")):
            pipe = Pipe(self, *options)
            pipe.write(endless_wave_header() + samples + LONG_SILENCE)
            code, output, errors = pipe.interrupt()
            self.assertEqual((code, errors), (130, ""))
            if options:
                result = json.loads(output)
                self.assertGreater(result["duration"], len(samples) / 48000)
                output = result["text"]
            self.assertTrue(output.startswith(ICELANDIC), output)

    def test_files_that_were_not_begun_are_left_out(self):
        # Four are read at a time.
        self.assertEqual(Pipe(self, SAMPLE, pipes=4).interrupt(), (130, "", ""))


class Waiting(unittest.TestCase):
    def test_costs_nothing(self):
        pipe = Pipe(self)
        pipe.write(endless_wave_header() + decode(SAMPLE))
        self.assertLess(idle_share(pipe.process.pid), 0.01)


class Progress(unittest.TestCase):
    def run_on_terminal(self, *arguments):
        """What a terminal shows of standard error."""
        terminal, end = pty.openpty()
        shown = []

        def read():
            try:
                while data := os.read(terminal, 4096):
                    shown.append(data)
            except OSError:  # the other end is closed
                pass

        reader = threading.Thread(target=read)
        reader.start()
        result = subprocess.run([PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=end,
                                check=False)
        os.close(end)
        reader.join()
        os.close(terminal)
        self.assertEqual(result.returncode, 0, shown)
        return b"".join(shown).decode()

    def test_is_shown_on_a_terminal_and_removed(self):
        shown = self.run_on_terminal("transcribe", MODEL, SAMPLE)
        self.assertIn("loading the model [", shown)
        self.assertIn("recognising", shown)
        self.assertTrue(shown.endswith("\r\x1b[K"), repr(shown))
        with tempfile.TemporaryDirectory() as folder:
            shown = self.run_on_terminal("quantize", MODEL, os.path.join(folder, "new"))
            self.assertIn("packing the weights [", shown)

    def test_is_not_shown_elsewhere(self):
        self.assertEqual(run("transcribe", MODEL, SAMPLE).stderr, "")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
