# SPDX-License-Identifier: LGPL-2.1-or-later
"""GStreamer's part of a live stream: segments of MPEG-TS, and cues in every language.

What happens in it is reported by a `Listener`, in GLib's main loop. Times are running times.
"""
import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstPbutils", "1.0")
from gi.repository import GLib, Gst, GstPbutils  # noqa: E402 - versions have to be chosen first

from inputs import PACED, set_properties, uri_of  # noqa: E402

# Seconds of video that a decoder buffers, so that frames may differ in size.
DECODER_BUFFER = 0.6


class Listener:
    """What a pipeline reports."""

    def on_fragment_begins(self, number, start):
        """The segment's first frame of video has come."""

    def on_fragment_written(self, location):
        """The segment's file is complete."""

    def on_cue(self, tag, start, end, text):
        pass

    def on_position(self, tag, position):
        """Every cue that begins before the position has been reported."""

    def on_captions_end(self, tag):
        """No cue will follow."""

    def on_end(self):
        """All that came in has been written."""

    def on_failure(self, reason):
        """The pipeline cannot go on."""


class Pipeline:
    def __init__(self, options, listener, location_of):
        """`location_of` names the file of a segment, on a thread of GStreamer's."""
        self._options = options
        self._listener = listener
        self._location_of = location_of
        self._running = False
        self._loading = set()
        self._first_frame = None
        self._bin = Gst.Pipeline.new()
        uri = uri_of(options.input)
        # From the beginning, so that nothing waits for the sinks to have their first data.
        self._build(uri, "clocksync" if uri.startswith(PACED) else "identity")
        bus = self._bin.get_bus()
        bus.add_signal_watch()
        bus.connect("message", self._on_message)

    def _add(self, description):
        part = Gst.parse_bin_from_description(description, False)
        self._bin.add(part)
        return part

    def _build(self, uri, pace):
        options = self._options
        self._source = Gst.ElementFactory.make("uridecodebin")
        self._source.set_property("uri", uri)
        self._source.connect("pad-added", self._on_pad)
        self._source.connect("no-more-pads", self._on_no_more_pads)
        self._bin.add(self._source)

        media = self._add(
            f"{pace} name=video-in ! queue ! videoconvert ! video/x-raw,format=I420 ! "
            f"x264enc tune=zerolatency speed-preset=veryfast bitrate={options.video_bitrate} "
            f"vbv-buf-capacity={round(DECODER_BUFFER * 1000)} key-int-max={options.segment * 100} ! "
            f"video/x-h264,profile=main,stream-format=avc ! h264parse name=video-parser ! "
            f"splitmuxsink name=sink muxer-factory=mpegtsmux "
            f"max-size-time={options.segment * Gst.SECOND} send-keyframe-requests=true "
            f"{pace} name=audio-in ! tee name=sound ! queue max-size-time=0 max-size-bytes=0 max-size-buffers=0 ! "
            f"audioconvert ! audio/x-raw,channels=[1,2] ! "
            f"avenc_aac bitrate={options.audio_bitrate * 1000} ! aacparse name=audio-parser ! sink.audio_0")
        self._video_in = media.get_by_name("video-in").get_static_pad("sink")
        self._audio_in = media.get_by_name("audio-in").get_static_pad("sink")
        self._parsers = [media.get_by_name(name).get_static_pad("sink")
                         for name in ("video-parser", "audio-parser")]
        self._parsers[0].add_probe(Gst.PadProbeType.BUFFER, self._on_first_frame)
        self._parsers[1].add_probe(Gst.PadProbeType.BUFFER, self._on_early_sound)
        media.get_by_name("sink").connect("format-location-full", self._on_fragment)
        self._build_captions(media, options.captions)
        if options.test_picture:
            picture = self._add("videotestsrc name=picture is-live=true pattern=smpte ! "
                                "video/x-raw,width=640,height=360,framerate=25/1 ! "
                                "timeoverlay name=out font-desc=24")
            self._link(picture.get_by_name("out").get_static_pad("src"), self._video_in)
            self._audio_in.add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, self._on_audio_event)

    def _build_captions(self, media, languages):
        """One element hears the sound for all languages: the first on its own pad, the others on requested ones."""
        # Text comes after its audio by the model's delay, so this branch must not hold up the others.
        part = Gst.parse_bin_from_description(
            "queue name=in max-size-time=0 max-size-bytes=0 max-size-buffers=0 ! kyutaistt name=stt text-unit=cue",
            False)
        media.add(part)
        stt = part.get_by_name("stt")
        set_properties(stt, [("model", self._options.model), ("domain", languages[0].domain), *self._options.set])
        for number, language in enumerate(languages):
            if number == 0:
                pad = stt.get_static_pad("src")
            else:
                pad = stt.request_pad_simple("translate_src_%u")
                pad.set_property("domain", language.domain)
            text = Gst.parse_bin_from_description(
                "capsfilter caps=text/x-raw ! fakesink name=out sync=false async=false", True)
            part.add(text)
            pad.link(text.get_static_pad("sink"))
            text.get_by_name("out").get_static_pad("sink").add_probe(
                Gst.PadProbeType.BUFFER | Gst.PadProbeType.EVENT_DOWNSTREAM, self._on_text, language.tag,
                Gst.Segment())
        self._loading.add(stt)
        media.get_by_name("sound").request_pad_simple("src_%u").link(self._ghost(part, "in"))

    @staticmethod
    def _ghost(part, name):
        ghost = Gst.GhostPad.new(name, part.get_by_name(name).get_static_pad("sink"))
        ghost.set_active(True)
        part.add_pad(ghost)
        return ghost

    @staticmethod
    def _link(source, sink):
        """Links pads wherever in the pipeline they are."""
        return source.link_maybe_ghosting(sink)

    def start(self):
        """Loads the models, then plays, so that nothing of a live source is lost meanwhile."""
        if self._bin.set_state(Gst.State.PAUSED) == Gst.StateChangeReturn.FAILURE:
            return
        self._play_if_loaded()

    def _play_if_loaded(self):
        if not self._loading and not self._running:
            self._running = True
            self._bin.set_state(Gst.State.PLAYING)

    def finish(self):
        """Ends the input; what has come is written and recognised to its end."""
        if not self._running:
            self._report(self._listener.on_end)
            return
        for pad in (self._video_in, self._audio_in):
            pad.send_event(Gst.Event.new_eos())

    def stop(self):
        self._bin.set_state(Gst.State.NULL)

    def running_time(self):
        """Of now, once the pipeline plays."""
        return self._bin.get_clock().get_time() - self._bin.get_base_time()

    def media_format(self):
        """Codecs as HLS names them, width, height and frame rate; None before they are known."""
        caps = [pad.get_current_caps() for pad in self._parsers]
        if None in caps:
            return None
        video = caps[0].get_structure(0)
        _, numerator, denominator = video.get_fraction("framerate")
        return (",".join(GstPbutils.codec_utils_caps_get_mime_codec(one) for one in caps),
                video.get_int("width")[1], video.get_int("height")[1],
                numerator / denominator if denominator else 0)

    # On threads of GStreamer's.

    def _report(self, function, *arguments):
        """Calls in the main loop, in the order of the reports."""
        def call():
            try:
                function(*arguments)
            except (OSError, ValueError) as error:
                self._listener.on_failure(str(error))
            except Exception:
                # GLib would go on without what was reported.
                self._listener.on_failure("a fault of this program, see above")
                raise
            return GLib.SOURCE_REMOVE
        GLib.idle_add(call, priority=GLib.PRIORITY_DEFAULT)

    def _on_pad(self, _source, pad):
        caps = pad.get_current_caps() or pad.query_caps(None)
        kind = caps.get_structure(0).get_name().split("/")[0]
        wanted = {"audio": self._audio_in, "video": self._video_in}.get(kind)
        if wanted is None or wanted.is_linked():
            return
        self._link(pad, wanted)

    def _on_no_more_pads(self, _source):
        for pad, reason in ((self._audio_in, "found no audio, expected speech to caption"),
                            (self._video_in, "found no video; --test-picture shows one")):
            if not pad.is_linked():
                self._report(self._listener.on_failure, f"{self._options.input}: {reason}")
                return

    @staticmethod
    def _running_time(pad, buffer):
        segment = pad.get_sticky_event(Gst.EventType.SEGMENT, 0).parse_segment()
        return segment.to_running_time(Gst.Format.TIME, buffer.pts)

    def _on_first_frame(self, pad, info):
        self._first_frame = self._running_time(pad, info.get_buffer())
        return Gst.PadProbeReturn.REMOVE

    def _on_early_sound(self, pad, info):
        """A stream begins with a frame of video: mpegtsmux writes its tables before video only."""
        if self._first_frame is None or self._running_time(pad, info.get_buffer()) < self._first_frame:
            return Gst.PadProbeReturn.DROP
        return Gst.PadProbeReturn.REMOVE

    def _on_audio_event(self, _pad, info):
        if info.get_event().type == Gst.EventType.EOS:
            self._report(self._video_in.send_event, Gst.Event.new_eos())
        return Gst.PadProbeReturn.OK

    def _on_fragment(self, _sink, number, sample):
        buffer = sample.get_buffer()
        # There is none when the input ends before it has brought any video.
        if buffer is not None:
            start = sample.get_segment().to_running_time(Gst.Format.TIME, buffer.pts)
            self._report(self._listener.on_fragment_begins, number, start)
        return self._location_of(number)

    def _on_text(self, _pad, info, tag, segment):
        if info.type & Gst.PadProbeType.BUFFER:
            buffer = info.get_buffer()
            text = buffer.extract_dup(0, buffer.get_size()).decode()
            start, end = (segment.to_running_time(Gst.Format.TIME, time)
                          for time in (buffer.pts, buffer.pts + buffer.duration))
            self._report(self._listener.on_cue, tag, start, end, text)
            return Gst.PadProbeReturn.OK
        event = info.get_event()
        if event.type == Gst.EventType.SEGMENT:
            event.parse_segment().copy_into(segment)
        elif event.type == Gst.EventType.GAP:
            start, duration = event.parse_gap()
            self._report(self._listener.on_position, tag,
                         segment.to_running_time(Gst.Format.TIME, start + duration))
        elif event.type == Gst.EventType.EOS:
            self._report(self._listener.on_captions_end, tag)
        return Gst.PadProbeReturn.OK

    # In the main loop.

    def _on_message(self, _bus, message):
        structure = message.get_structure()
        if message.type == Gst.MessageType.ERROR:
            error, _details = message.parse_error()
            self._report(self._listener.on_failure, f"{message.src.get_name()}: {error.message}")
        elif message.type == Gst.MessageType.EOS:
            # After what the streaming threads have reported before it.
            self._report(self._listener.on_end)
        elif message.type == Gst.MessageType.PROGRESS:
            kind, _code, _text = message.parse_progress()
            if kind == Gst.ProgressType.COMPLETE:
                self._loading.discard(message.src)
                self._play_if_loaded()
        elif structure is not None and structure.has_name("splitmuxsink-fragment-closed"):
            self._report(self._listener.on_fragment_written, structure.get_string("location"))
