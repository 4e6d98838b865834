# SPDX-License-Identifier: LGPL-2.1-or-later
"""The pipeline that never ends: sound or silence in, captions out, on one line of time."""
import threading

from gi.repository import Gst

from inputs import set_properties

FORMATS = {"vtt": "application/x-subtitle-vtt", "srt": "application/x-subtitle", "text": "text/x-raw,format=utf8"}
# Before there was any source.
CAPS = "audio/x-raw,format=S16LE,rate=24000,channels=1,layout=interleaved"
# Sound whose time is farther from that of the clock than this begins a new line of its own times.
MAX_SHIFT = 5 * Gst.SECOND
SILENCE_STEP = Gst.SECOND // 10


class Captions:
    """Calls `report(what, ...)` on threads of GStreamer's: "playing", "word" with its lag in seconds, "end" and
    "failure"."""

    def __init__(self, model, domain, properties, form, sink, report):
        self._report = report
        self._lock = threading.Lock()
        self._caps = Gst.Caps.from_string(CAPS)
        self._position = 0
        self._shift = None
        self._pipeline = Gst.parse_launch(
            "appsrc name=sound is-live=true format=time max-bytes=0 ! "
            f"kyutaistt name=stt post-words=true ! {FORMATS[form]} ! {sink}")
        self._sound = self._pipeline.get_by_name("sound")
        self._stt = self._pipeline.get_by_name("stt")
        set_properties(self._stt, [("model", model), ("domain", domain), *properties])
        sinks = self._pipeline.iterate_sinks()
        while (found := sinks.next())[0] == Gst.IteratorResult.OK:
            # There is nothing to show before it plays.
            if found[1].find_property("async") is not None:
                found[1].set_property("async", False)
        self._thread = threading.Thread(target=self._read_bus, daemon=True)

    def start(self):
        """Loads the model, then plays."""
        self._pipeline.set_state(Gst.State.PAUSED)
        self._thread.start()

    def finish(self):
        """Nothing follows: "end" is reported when the last word has been written."""
        self._sound.emit("end-of-stream")

    def stop(self):
        self._pipeline.set_state(Gst.State.NULL)

    def statistics(self):
        """The element's, by their names."""
        stats = self._stt.get_property("stats")
        return {stats.nth_field_name(at): stats.get_value(stats.nth_field_name(at)) for at in range(stats.n_fields())}

    def _now(self):
        """The running time, once it plays."""
        return self._pipeline.get_current_running_time()

    # What is heard follows each other without holes: a source's own clock counts while it is connected,
    # and begins at the time of its first samples.

    def begin_source(self):
        with self._lock:
            self._shift = None

    def push(self, sample, running_time):
        with self._lock:
            now = self._now()
            begins = self._shift is None or running_time is None
            if not begins and abs(running_time + self._shift - now) > MAX_SHIFT:
                begins = True
            start = max(now, self._position) if begins else max(running_time + self._shift, self._position)
            if running_time is not None:
                self._shift = start - running_time
            self._caps = sample.get_caps()
            self._push(sample.get_buffer(), start)

    def fill(self):
        """Silence until now, where no source brings sound."""
        with self._lock:
            while self._position + SILENCE_STEP <= self._now():
                rate, size = self._format()
                silence = bytes(rate * SILENCE_STEP // Gst.SECOND * size)
                self._push(Gst.Buffer.new_wrapped(silence), self._position)

    def _format(self):
        """Samples a second, and the bytes of one of all channels."""
        structure = self._caps.get_structure(0)
        width = 2 if structure.get_string("format") == "S16LE" else 4
        return structure.get_int("rate")[1], structure.get_int("channels")[1] * width

    def _push(self, buffer, start):
        rate, size = self._format()
        buffer = buffer.copy()
        buffer.pts = start
        buffer.duration = buffer.get_size() * Gst.SECOND // (rate * size)
        self._position = start + buffer.duration
        self._sound.emit("push-sample", Gst.Sample.new(buffer, self._caps, None, None))

    def _read_bus(self):
        bus = self._pipeline.get_bus()
        kinds = (Gst.MessageType.ELEMENT | Gst.MessageType.PROGRESS | Gst.MessageType.STATE_CHANGED
                 | Gst.MessageType.EOS | Gst.MessageType.ERROR)
        while True:
            message = bus.timed_pop_filtered(Gst.CLOCK_TIME_NONE, kinds)
            structure = message.get_structure()
            if message.type == Gst.MessageType.ERROR:
                error, _details = message.parse_error()
                self._report("failure", f"{message.src.get_name()}: {error.message}")
            elif message.type == Gst.MessageType.EOS:
                self._report("end")
            elif message.type == Gst.MessageType.PROGRESS:
                if message.parse_progress()[0] == Gst.ProgressType.COMPLETE:
                    self._pipeline.set_state(Gst.State.PLAYING)
            elif message.type == Gst.MessageType.STATE_CHANGED:
                if message.src == self._pipeline and message.parse_state_changed()[1] == Gst.State.PLAYING:
                    self._report("playing")
            elif structure.has_name("kyutaistt/word"):
                self._report("word", (self._now() - structure.get_value("end-time")) / Gst.SECOND)
