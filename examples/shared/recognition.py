# SPDX-License-Identifier: LGPL-2.1-or-later
"""A pipeline that hears INPUT: words from the bus, cues from the element's text."""
import threading

from gi.repository import Gst

from inputs import PACED, set_properties, uri_of


class Recognition:
    """Calls `report(what, ...)` on its own threads: "word", "pause" and "cue" with the number of their domain first,
    "end", "failure". All `domains` are written by one element, which hears INPUT once."""

    def __init__(self, address, model, domains, properties, report):
        self._report = report
        uri = uri_of(address)
        sync = "clocksync ! " if uri.startswith(PACED) else ""
        self._pipeline = Gst.parse_launch(
            f"uridecodebin name=source caps=audio/x-raw expose-all-streams=false ! {sync}"
            "queue max-size-time=0 max-size-bytes=0 max-size-buffers=0 ! "
            "kyutaistt name=stt post-words=true post-pauses=true text-unit=cue")
        self._pipeline.get_by_name("source").set_property("uri", uri)
        stt = self._pipeline.get_by_name("stt")
        set_properties(stt, [("model", model), ("domain", domains[0]), *properties])
        self._numbers = {}
        for number, domain in enumerate(domains):
            pad = stt.request_pad_simple("translate_src_%u") if number else stt.get_static_pad("src")
            if number:
                pad.set_property("domain", domain)
            self._numbers[pad.get_name()] = number
            self._read_text(pad, number)
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

    def _read_text(self, pad, number):
        text = Gst.parse_bin_from_description(
            "capsfilter caps=text/x-raw ! fakesink name=out sync=false async=false", True)
        self._pipeline.add(text)
        pad.link(text.get_static_pad("sink"))
        text.get_by_name("out").get_static_pad("sink").add_probe(
            Gst.PadProbeType.BUFFER | Gst.PadProbeType.EVENT_DOWNSTREAM, self._on_text, number, [Gst.Segment()])

    def _on_text(self, _pad, info, number, segments):
        if info.type & Gst.PadProbeType.BUFFER:
            buffer = info.get_buffer()
            start, end = (segments[-1].to_stream_time(Gst.Format.TIME, time) / Gst.SECOND
                          for time in (buffer.pts, buffer.pts + buffer.duration))
            self._report("cue", number, start, end, buffer.extract_dup(0, buffer.get_size()).decode())
        elif info.get_event().type == Gst.EventType.SEGMENT:
            segments[:] = [info.get_event().parse_segment().copy()]
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
        number = self._numbers.get(structure.get_value("pad"))
        if structure.has_name("kyutaistt/word"):
            start, end = (structure.get_value(name) / Gst.SECOND for name in ("start-time", "end-time"))
            self._report("word", number, structure.get_value("text"), start, end, structure.get_value("confidence"))
        elif structure.has_name("kyutaistt/pause"):
            self._report("pause", number, structure.get_value("start-time") / Gst.SECOND)
