# SPDX-License-Identifier: LGPL-2.1-or-later
"""A pipeline that hears INPUT: words from the bus, cues from the element's text."""
import threading

from gi.repository import Gst

from inputs import PACED, set_properties, uri_of


class Recognition:
    """Calls `report(what, ...)` on its own threads: "word", "pause", "cue", "end", "failure"."""

    def __init__(self, address, model, domain, properties, report):
        self._report = report
        self._segment = Gst.Segment()
        uri = uri_of(address)
        sync = "clocksync ! " if uri.startswith(PACED) else ""
        self._pipeline = Gst.parse_launch(
            f"uridecodebin name=source caps=audio/x-raw expose-all-streams=false ! {sync}"
            "queue max-size-time=0 max-size-bytes=0 max-size-buffers=0 ! "
            "kyutaistt name=stt post-words=true post-pauses=true text-unit=cue ! text/x-raw ! "
            "fakesink name=text sync=false async=false")
        self._pipeline.get_by_name("source").set_property("uri", uri)
        stt = self._pipeline.get_by_name("stt")
        set_properties(stt, [("model", model), ("domain", domain), *properties])
        self._pipeline.get_by_name("text").get_static_pad("sink").add_probe(
            Gst.PadProbeType.BUFFER | Gst.PadProbeType.EVENT_DOWNSTREAM, self._on_text)
        self._thread = threading.Thread(target=self._read_bus)

    def start(self):
        """Loads the model, then plays, so that nothing of a live source is lost meanwhile."""
        self._pipeline.set_state(Gst.State.PAUSED)
        self._thread.start()

    def stop(self):
        self._pipeline.post_message(Gst.Message.new_application(self._pipeline, Gst.Structure.new_empty("stop")))
        self._thread.join()
        self._pipeline.set_state(Gst.State.NULL)

    def now(self):
        """Seconds that it has played."""
        return self._pipeline.get_current_running_time() / Gst.SECOND

    def _on_text(self, _pad, info):
        if info.type & Gst.PadProbeType.BUFFER:
            buffer = info.get_buffer()
            start, end = (self._segment.to_stream_time(Gst.Format.TIME, time) / Gst.SECOND
                          for time in (buffer.pts, buffer.pts + buffer.duration))
            self._report("cue", start, end, buffer.extract_dup(0, buffer.get_size()).decode())
        elif info.get_event().type == Gst.EventType.SEGMENT:
            self._segment = info.get_event().parse_segment().copy()
        return Gst.PadProbeReturn.OK

    def _read_bus(self):
        bus = self._pipeline.get_bus()
        kinds = (Gst.MessageType.ELEMENT | Gst.MessageType.PROGRESS | Gst.MessageType.APPLICATION
                 | Gst.MessageType.EOS | Gst.MessageType.ERROR)
        while True:
            message = bus.timed_pop_filtered(Gst.CLOCK_TIME_NONE, kinds)
            if message.type == Gst.MessageType.APPLICATION:
                return
            if message.type == Gst.MessageType.ERROR:
                error, _details = message.parse_error()
                self._report("failure", f"{message.src.get_name()}: {error.message}")
            elif message.type == Gst.MessageType.EOS:
                self._report("end")
            elif message.type == Gst.MessageType.PROGRESS:
                if message.parse_progress()[0] == Gst.ProgressType.COMPLETE:
                    self._pipeline.set_state(Gst.State.PLAYING)
            else:
                self._on_element(message.get_structure())

    def _on_element(self, structure):
        if structure.has_name("kyutaistt/word"):
            start, end = (structure.get_value(name) / Gst.SECOND for name in ("start-time", "end-time"))
            self._report("word", structure.get_value("text"), start, end, structure.get_value("confidence"))
        elif structure.has_name("kyutaistt/pause"):
            self._report("pause", structure.get_value("start-time") / Gst.SECOND)
