# SPDX-License-Identifier: LGPL-2.1-or-later
"""One connection to the source of the sound, until it is lost."""
import threading
import time

from gi.repository import Gst

from inputs import PACED

CHECK_INTERVAL = Gst.SECOND // 5


class Source:
    """`take(sample, running_time)` is called on a thread of GStreamer's, with the samples as they come."""

    def __init__(self, uri, stall, take):
        """`stall`: seconds without sound after which the source counts as lost."""
        self._stall = stall
        self._take = take
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._last = None
        sync = "clocksync ! " if uri.startswith(PACED) else ""
        self._pipeline = Gst.parse_launch(
            f"uridecodebin name=source caps=audio/x-raw expose-all-streams=false ! {sync}audioconvert ! "
            "audio/x-raw,format={S16LE,F32LE},layout=interleaved ! "
            "appsink name=sound sync=false emit-signals=true max-buffers=200")
        self._pipeline.get_by_name("source").set_property("uri", uri)
        self._pipeline.get_by_name("sound").connect("new-sample", self._on_sample)

    def run(self):
        """Waits until the source is lost, or until `stop`. Returns what happened, in a word, and why."""
        bus = self._pipeline.get_bus()
        self._last = time.monotonic()
        self._pipeline.set_state(Gst.State.PLAYING)
        try:
            while not self._stopping.is_set():
                message = bus.timed_pop_filtered(CHECK_INTERVAL, Gst.MessageType.ERROR | Gst.MessageType.EOS)
                if message is not None and message.type == Gst.MessageType.EOS:
                    return "end", "the source has ended"
                if message is not None:
                    error, _details = message.parse_error()
                    return "error", f"{message.src.get_name()}: {error.message}"
                if time.monotonic() - self._last > self._stall:
                    return "stall", f"no sound for {self._stall:g} s"
            return "stop", ""
        finally:
            with self._lock:
                self._stopping.set()
            # Some sources only close when their other end answers.
            threading.Thread(target=self._pipeline.set_state, args=(Gst.State.NULL,), daemon=True).start()

    def stop(self):
        self._stopping.set()

    def _on_sample(self, sink):
        sample = sink.emit("pull-sample")
        buffer = sample.get_buffer()
        self._last = time.monotonic()
        time_of = sample.get_segment().to_running_time(Gst.Format.TIME, buffer.pts)
        with self._lock:
            # Nothing is taken any more once `run` has returned.
            if not self._stopping.is_set():
                self._take(sample, None if time_of == Gst.CLOCK_TIME_NONE else time_of)
        return Gst.FlowReturn.OK
