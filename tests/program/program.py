# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of the program share; their arguments are PROGRAM and EXAMPLES."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

PROGRAM, EXAMPLES = sys.argv[1:3]
MODEL = os.path.join(EXAMPLES, "model")
SAMPLES = os.path.join(EXAMPLES, "samples")
SAMPLE = os.path.join(SAMPLES, "forecast-03.flac")
OTHER = os.path.join(SAMPLES, "forecast-08.flac")
with open(os.path.join(SAMPLES, "manifest.json"), encoding="utf-8") as manifest_file:
    CLIPS = {clip["file"]: clip for clip in json.load(manifest_file)["clips"]}


def run(*arguments, stdin=None, stdout=subprocess.PIPE, **environment):
    return subprocess.run([PROGRAM, *arguments], stdin=stdin, stdout=stdout, stderr=subprocess.PIPE,
                          text=True, check=False, env={**os.environ, **environment})


# Seconds that nothing here takes.
PATIENCE = 60
# More than all queues hold, at 24 kHz: when it is written, what came before has been heard.
LONG_SILENCE = bytes(2 * 24000 * 150)


def ignore(*signals):
    """Has a child ignore these, as shells and nohup do."""
    def prepare():
        for number in signals:
            signal.signal(number, signal.SIG_IGN)
    return prepare


class Pipe:
    """A named pipe that a `transcribe` reads, which is ended with the test."""

    def __init__(self, test, *options, model=MODEL, pipes=1, before=(), ignored=()):
        folder = tempfile.TemporaryDirectory()
        test.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "audio")
        os.mkfifo(self.path)
        self.process = subprocess.Popen(
            [PROGRAM, "transcribe", model, *before, *[self.path] * pipes, *options], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, preexec_fn=ignore(*ignored))
        test.addCleanup(self.end)
        # Opening fails until there is a reader.
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.writer = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
                break
            except OSError:
                test.assertIsNone(self.process.poll())
                test.assertLess(time.monotonic(), deadline)
                time.sleep(0.01)
        os.set_blocking(self.writer, True)

    def write(self, data):
        while data:
            data = data[os.write(self.writer, data):]

    def close(self):
        """Nothing follows."""
        os.close(self.writer)
        self.writer = os.open(os.devnull, os.O_WRONLY)

    def interrupt(self, number=signal.SIGINT):
        """Exit code and what was written."""
        self.process.send_signal(number)
        output, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, output, errors

    def end(self):
        os.close(self.writer)
        self.process.kill()
        self.process.communicate()
