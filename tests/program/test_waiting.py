#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The program `kyutaistt` while it waits: pipes, Ctrl-C, and what it shows meanwhile.

    test_waiting.py PROGRAM EXAMPLES
"""
import json
import os
import pty
import select
import signal
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
        pipe.close()
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


class WhileItIsHeard(unittest.TestCase):
    """What is final goes out while the recording goes on."""

    @staticmethod
    def words_in(text, form):
        if form == "jsonl":
            return [json.loads(line).get("text") for line in text.splitlines()]
        lines = text.splitlines()
        return [word for line in lines if "-->" not in line and not line.isdigit()
                and line != "WEBVTT" for word in line.split()]

    def read_until(self, stream, last, form):
        """What is written until a word is there."""
        text = ""
        while last not in self.words_in(text.rpartition("\n")[0] if form == "jsonl" else text, form):
            ready, _, _ = select.select([stream], [], [], PATIENCE)
            self.assertTrue(ready, text)
            data = os.read(stream.fileno(), 65536).decode()
            self.assertTrue(data, text)
            text += data
        return text

    def test_and_is_there_after_the_worst_end(self):
        samples = decode(SAMPLE)
        for form in ("text", "jsonl", "srt", "vtt"):
            pipe = Pipe(self, "--format", form)
            # The pipe stays open: no end is in sight.
            pipe.write(endless_wave_header() + samples + bytes(2 * 24000 * 10))
            text = self.read_until(pipe.process.stdout, ICELANDIC.split()[-1], form)
            self.assertEqual(self.words_in(text, form)[:len(ICELANDIC.split())], ICELANDIC.split())
            pipe.process.kill()
            self.assertEqual(pipe.process.communicate(timeout=PATIENCE)[1], "")

    def test_also_in_a_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "out.vtt")
            pipe = Pipe(self, "--format", "vtt", "--output", path)
            pipe.write(endless_wave_header() + decode(SAMPLE) + LONG_SILENCE)
            pipe.process.kill()
            pipe.process.wait()
            with open(path, encoding="utf-8") as file:
                self.assertEqual(self.words_in(file.read(), "vtt"), ICELANDIC.split())

    def test_json_lines_end_with_the_recording(self):
        result = run("transcribe", MODEL, SAMPLE, "--format", "jsonl")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        *words, recording = [json.loads(line) for line in result.stdout.splitlines()]
        whole = json.loads(run("transcribe", MODEL, SAMPLE, "--format", "json").stdout)
        self.assertEqual(words, whole["words"])
        self.assertEqual(recording,
                         {key: whole[key] for key in ("model", "domain", "duration", "delay")})
        result = run("transcribe", MODEL, "nowhere.wav", SAMPLE, "--format", "jsonl")
        self.assertEqual(result.returncode, 1)
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        self.assertEqual(lines[0]["error"], "nowhere.wav: there is no such file")
        self.assertEqual(lines[1:-1], [{"file": SAMPLE, **word} for word in words])


class Interruption(unittest.TestCase):
    def test_by_other_signals(self):
        for number in (signal.SIGTERM, signal.SIGHUP):
            pipe = Pipe(self, "--format", "json")
            pipe.write(endless_wave_header() + decode(SAMPLE) + LONG_SILENCE)
            code, output, errors = pipe.interrupt(number)
            self.assertEqual((code, errors), (130, ""), number)
            self.assertTrue(json.loads(output)["text"].startswith(ICELANDIC), output)

    def test_a_signal_that_is_to_be_ignored_is(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            pipe = Pipe(self, ignored=(number,))
            pipe.process.send_signal(number)
            with open(SAMPLE, "rb") as file:
                pipe.write(file.read())
            pipe.process.send_signal(number)
            pipe.close()
            output, errors = pipe.process.communicate(timeout=PATIENCE)
            self.assertEqual((pipe.process.returncode, output.strip(), errors), (0, ICELANDIC, ""))

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

    def test_between_pieces_no_words_are_missing(self):
        pipe = Pipe(self, "--parallel", "3")
        pipe.write(endless_wave_header() + 3 * (decode(SAMPLE) + bytes(2 * 24000 * 20)) + 2 * LONG_SILENCE)
        code, output, errors = pipe.interrupt()
        self.assertEqual((code, errors), (130, ""))
        self.assertEqual(output.strip(), " ".join([ICELANDIC] * 3))

    def test_files_that_were_not_begun_are_left_out(self):
        pipe = Pipe(self, SAMPLE, "--parallel", "4", pipes=4)
        self.assertEqual(pipe.interrupt(), (130, "", ""))


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
