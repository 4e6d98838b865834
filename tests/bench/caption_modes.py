# SPDX-License-Identifier: LGPL-2.1-or-later
"""The ways of writing captions, each by an element of its own, on a clock that is the audio's.

A text comes at the end of the audio that had been heard when it came. So all times are those of a machine that
computes in no time, and the same on every machine.
"""
import time
from typing import NamedTuple

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
from gi.repository import Gst, GstApp  # noqa: E402,F401

RATE = 24000
FRAME = 1920
MODES = {"word": "text-unit=word", "line": "text-unit=line", "cue, live": "text-unit=cue cue-preset=live",
         "cue": "text-unit=cue"}


class Text(NamedTuple):
    """Times in seconds: its own, and when it came."""
    text: str
    start: float
    end: float
    came: float


def ask_latency(element):
    """Seconds that an element adds to a live pipeline."""
    pipeline = Gst.parse_launch(f"audiotestsrc is-live=true wave=silence ! {element} ! fakesink sync=false")
    pipeline.set_state(Gst.State.PLAYING)
    kinds = Gst.MessageType.PROGRESS | Gst.MessageType.ERROR
    while True:
        message = pipeline.get_bus().timed_pop_filtered(Gst.CLOCK_TIME_NONE, kinds)
        if message.type == Gst.MessageType.ERROR:
            raise RuntimeError(message.parse_error()[0].message)
        if message.parse_progress()[0] == Gst.ProgressType.COMPLETE:
            break
    pipeline.get_state(Gst.CLOCK_TIME_NONE)
    stt = pipeline.get_by_name("stt")
    whole, before = Gst.Query.new_latency(), Gst.Query.new_latency()
    if not (stt.get_static_pad("src").query(whole) and stt.get_static_pad("sink").peer_query(before)):
        raise RuntimeError("no answer about latency")
    pipeline.set_state(Gst.State.NULL)
    return (whole.parse_latency()[1] - before.parse_latency()[1]) / Gst.SECOND


class Captions:
    """An element, and what it wrote."""

    def __init__(self, model, domain, properties):
        element = f"kyutaistt name=stt model={model} domain={domain} {properties}"
        self.latency = ask_latency(element)
        self.pipeline = Gst.parse_launch(
            "appsrc name=audio format=time block=true max-time=80000000 "
            f"caps=audio/x-raw,format=F32LE,rate={RATE},channels=1,layout=interleaved ! {element} ! "
            "text/x-raw,format=utf8 ! appsink name=out sync=false")
        self.audio, self.stt, self.out = (self.pipeline.get_by_name(name) for name in ("audio", "stt", "out"))
        self.texts = []
        self.pipeline.set_state(Gst.State.PLAYING)

    def hear(self, number, samples):
        buffer = Gst.Buffer.new_wrapped(samples.tobytes())
        buffer.pts = number * FRAME * Gst.SECOND // RATE
        buffer.duration = len(samples) * Gst.SECOND // RATE
        self.audio.emit("push-buffer", buffer)

    def wait_for(self, frames):
        """Until so many frames have been recognised."""
        while self.stt.get_property("stats").get_value("frames") < frames:
            time.sleep(0.001)

    def take(self, now, patience=0):
        while sample := self.out.emit("try-pull-sample", patience):
            buffer = sample.get_buffer()
            text = buffer.extract_dup(0, buffer.get_size()).decode()
            self.texts.append(Text(text, buffer.pts / Gst.SECOND, (buffer.pts + buffer.duration) / Gst.SECOND, now))

    def finish(self, now):
        self.audio.emit("end-of-stream")
        self.take(now, Gst.CLOCK_TIME_NONE)
        self.pipeline.set_state(Gst.State.NULL)


def listen(captions, sound):
    """All hear the sound, samples of f32."""
    frames = len(sound) // FRAME
    for number in range(frames):
        for element in captions:
            element.hear(number, sound[number * FRAME:(number + 1) * FRAME])
        for element in captions:
            element.wait_for(number + 1)
        # The element's own thread hands the text over.
        time.sleep(0.002)
        for element in captions:
            element.take((number + 1) * FRAME / RATE)
    for element in captions:
        element.finish(frames * FRAME / RATE)
