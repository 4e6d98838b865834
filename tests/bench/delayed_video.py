#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs live video, held back until its captions are there, and reports whether it ever stood still or lost a picture.

    delayed_video.py [--seconds 600] [--seed N]    # a table as Markdown goes to standard output

Made-up speech comes at the speed of the clock, beside black pictures; `textoverlay` and `subtitleoverlay` draw the
lines of captions as in docs/pipelines.md. Of every picture that comes out: when it came, and whether text is in it.

Needs the plugin in GST_PLUGIN_PATH, python3-gi, gir1.2-gst-plugins-base-1.0, libespeak-ng1, python3-numpy and
python3-scipy.
"""
import argparse
import pathlib
import random
import sys
import threading
import time
from typing import NamedTuple

import gi
import numpy as np

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
from gi.repository import Gst, GstApp  # noqa: E402,F401

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "examples"))
import forecast  # noqa: E402

PICTURES_A_SECOND = 25
PIECE = forecast.RATE // 50
# Seconds: a little more than the latency of the bundled model.
HELD_BACK = 3
SPEECH = (f"appsrc name=speech is-live=true format=time caps=audio/x-raw,format=F32LE,rate={forecast.RATE},"
          "channels=1,layout=interleaved ! kyutaistt name=stt model={model} domain=asr_is_en text-unit=line ! ")
PICTURES = ("videotestsrc is-live=true pattern=black num-buffers={count} ! "
            f"video/x-raw,format=GRAY8,width=320,height=240,framerate={PICTURES_A_SECOND}/1 ! queue max-size-bytes=0 "
            f"max-size-buffers=0 max-size-time={2 * HELD_BACK}000000000 min-threshold-time={HELD_BACK}000000000 ! "
            "overlay.video_sink ")
OUT = " ! video/x-raw,format=GRAY8 ! appsink name=out sync=false"
OVERLAYS = {
    "textoverlay": SPEECH + "text/x-raw ! queue ! overlay.text_sink " + PICTURES +
    "textoverlay name=overlay halignment=left line-alignment=left" + OUT,
    "subtitleoverlay": SPEECH + "application/x-subtitle-vtt ! queue ! overlay.subtitle_sink " + PICTURES +
    "subtitleoverlay name=overlay ! videoconvert" + OUT,
}


class Picture(NamedTuple):
    """Running times of the picture and of its coming out, in seconds."""
    time: float
    came: float
    has_text: bool


class Run:
    """One pipeline, and the pictures that came out."""

    def __init__(self, description, sound):
        self.sound = sound
        self.pipeline = Gst.parse_launch(description)
        self.speech, self.stt, self.out = (self.pipeline.get_by_name(name) for name in ("speech", "stt", "out"))
        self.pictures = []
        # Where the captions say that there is text.
        self.texts = []
        self.stt.get_static_pad("src").add_probe(Gst.PadProbeType.BUFFER, self.note_text)
        self.threads = [threading.Thread(target=self.speak), threading.Thread(target=self.look)]

    def start(self):
        self.pipeline.set_state(Gst.State.PAUSED)
        kinds = Gst.MessageType.PROGRESS
        while (self.pipeline.get_bus().timed_pop_filtered(Gst.CLOCK_TIME_NONE, kinds).parse_progress()[0] !=
               Gst.ProgressType.COMPLETE):
            pass
        self.pipeline.set_state(Gst.State.PLAYING)
        for thread in self.threads:
            thread.start()

    def running_time(self):
        return self.pipeline.get_current_running_time() / Gst.SECOND

    def speak(self):
        for start in range(0, len(self.sound), PIECE):
            piece = self.sound[start:start + PIECE]
            ahead = (start + len(piece)) / forecast.RATE - self.running_time()
            if ahead > 0:
                time.sleep(ahead)
            buffer = Gst.Buffer.new_wrapped(piece.tobytes())
            buffer.pts = start * Gst.SECOND // forecast.RATE
            buffer.duration = len(piece) * Gst.SECOND // forecast.RATE
            self.speech.emit("push-buffer", buffer)
        self.speech.emit("end-of-stream")

    def note_text(self, _pad, info):
        buffer = info.get_buffer()
        if buffer.duration:
            self.texts.append((buffer.pts / Gst.SECOND, (buffer.pts + buffer.duration) / Gst.SECOND))
        return Gst.PadProbeReturn.OK

    def look(self):
        while sample := self.out.emit("pull-sample"):
            buffer = sample.get_buffer()
            pixels = np.frombuffer(buffer.extract_dup(0, buffer.get_size()), np.uint8)
            self.pictures.append(Picture(buffer.pts / Gst.SECOND, self.running_time(), bool(pixels.max() > 180)))

    def finish(self):
        for thread in self.threads:
            thread.join()
        dropped = self.stt.get_property("stats").get_value("dropped-frames")
        self.pipeline.set_state(Gst.State.NULL)
        return dropped


def report(name, run, dropped, count):
    steps = np.diff([picture.time for picture in run.pictures])
    # At the end, those that the queue holds come all at once.
    pictures = run.pictures[:-(HELD_BACK + 1) * PICTURES_A_SECOND]
    came = np.array([picture.came for picture in pictures])
    times = np.array([picture.time for picture in pictures])
    # The first picture only starts the pipeline.
    longest = np.diff(came)[1:].max()
    starts, ends = (np.array(column) for column in zip(*run.texts))
    index = np.searchsorted(starts, times, side="right") - 1
    captioned = (index >= 0) & (ends[index] > times)
    without = sum(not picture.has_text for picture, has in zip(pictures, captioned) if has)
    print(f"| `{name}` | {len(run.pictures)} of {count} | {steps.max() * 1000:.0f} ms | {longest * 1000:.0f} ms | "
          f"{np.median(came - times):.2f} s | {captioned.sum()} | {without} | {dropped} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=str(ROOT / "examples" / "model"))
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    Gst.init([])
    sound, _ = forecast.record(random.Random(options.seed), forecast.Speaker(), forecast.UNSEEN, options.seconds)
    sound = (sound / np.abs(sound).max() * 0.7).astype(np.float32)[:int(options.seconds * forecast.RATE)]
    count = int(options.seconds * PICTURES_A_SECOND)
    runs = {name: Run(description.format(model=options.model, count=count), sound)
            for name, description in OVERLAYS.items()}
    for run in runs.values():
        run.start()
    dropped = {name: run.finish() for name, run in runs.items()}
    print("| overlay | pictures | longest step of their times | longest wait for one | delay, median | with text due | "
          "without it | frames of audio dropped |\n|---|---|---|---|---|---|---|---|")
    for name, run in runs.items():
        report(name, run, dropped[name], count)


if __name__ == "__main__":
    main()
