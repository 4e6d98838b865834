# SPDX-License-Identifier: LGPL-2.1-or-later
"""Live HLS with captions: video in, a folder of playlists and segments out, which any web server serves.

A segment is listed as soon as its captions are complete, and no later: until then neither video nor
captions are in the playlists. docs/live.md describes it.
"""
import argparse
import dataclasses
import datetime
import math
import os
import re
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "shared"))
import inputs  # noqa: E402 - found in the folder above
import pipeline  # noqa: E402 - needs the one above
import playlists  # noqa: E402
import transport_stream  # noqa: E402
import webvtt  # noqa: E402

# What MPEG-TS adds to the encoders' rates.
OVERHEAD = 1.1


def language_of(text):
    """LANGUAGE=DOMAIN[=NAME]"""
    tag, domain, name = (text.split("=", 2) + [""])[:3] if text.count("=") else ("", "", "")
    if not re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", tag) or not domain:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected LANGUAGE=DOMAIN or LANGUAGE=DOMAIN=NAME")
    return playlists.Language(tag, domain, name or tag)


def integer_from(least):
    def parse(text):
        if not text.isdigit() or int(text) < least:
            raise argparse.ArgumentTypeError(f"found {text!r}, expected an integer from {least} on")
        return int(text)
    return parse


def options_of(arguments):
    parser = argparse.ArgumentParser(prog="kyutaistt-hls", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", metavar="INPUT", help="a file, or an address of rtsp, srt, rtmp, udp or http")
    parser.add_argument("folder", metavar="FOLDER", help="where the stream goes; one that is there is continued")
    parser.add_argument("--model", required=True, help="model folder, or an id in the Hugging Face cache")
    parser.add_argument("--captions", type=language_of, action="append", required=True,
                        metavar="LANGUAGE=DOMAIN[=NAME]",
                        help="write captions of this domain, e.g. en=asr_is_en=English; the first is the default")
    parser.add_argument("--segment", type=integer_from(1), default=4, metavar="SECONDS",
                        help="length of a segment (4)")
    parser.add_argument("--length", type=integer_from(3), default=10, metavar="N",
                        help="segments in the playlists (10)")
    parser.add_argument("--test-picture", action="store_true", help="show a test picture instead of INPUT's video")
    parser.add_argument("--video-bitrate", type=integer_from(1), default=2000, metavar="KBIT/S", help="(2000)")
    parser.add_argument("--audio-bitrate", type=integer_from(1), default=128, metavar="KBIT/S", help="(128)")
    parser.add_argument("--set", type=inputs.property_of, action="append", default=[], metavar="PROPERTY=VALUE",
                        help="a property of the element kyutaistt, e.g. cue-preset=netflix")
    parser.add_argument("--verbose", action="store_true", help="report each segment")
    options = parser.parse_args(arguments)
    tags = [language.tag for language in options.captions]
    if len(set(tags)) < len(tags):
        parser.error(f"--captions: found {', '.join(tags)}, expected each language once")
    return options


@dataclasses.dataclass
class Fragment:
    """A segment of media that is not listed yet."""
    start: int
    location: str
    end: int = None
    written: float = None


class Broadcast(pipeline.Listener):
    """Lists segments when their media is written and their captions are complete."""

    def __init__(self, options):
        self._options = options
        self._loop = pipeline.GLib.MainLoop()
        self._stream = playlists.Stream(options.folder, options.captions, options.length, options.segment)
        self._first_number = self._stream.next_number
        self._segmenters = {language.tag: webvtt.Segmenter() for language in options.captions}
        self._fragments = []
        self._epoch = None
        self._described = False
        self._interrupted = False
        self._failure = None
        self._pipeline = pipeline.Pipeline(options, self, self._location_of)

    def run(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            pipeline.GLib.unix_signal_add(pipeline.GLib.PRIORITY_HIGH, number, self._on_interrupt)
        self._write_captions_of_older_segments()
        self._pipeline.start()
        try:
            if self._failure is None:
                self._loop.run()
        finally:
            self._pipeline.stop()
        if self._failure is not None:
            sys.exit(f"kyutaistt-hls: {self._failure}")

    def _location_of(self, number):
        return self._stream.path(playlists.media_name(self._first_number + number))

    def _on_interrupt(self):
        if self._interrupted:
            self._loop.quit()
        self._interrupted = True
        self._pipeline.finish()
        return pipeline.GLib.SOURCE_CONTINUE

    def _write_captions_of_older_segments(self):
        """A language that the stream did not have before is silent until now."""
        for segment in self._stream.segments:
            media = self._stream.path(playlists.media_name(segment.number))
            for tag in self._segmenters:
                path = self._stream.path(playlists.captions_name(tag, segment.number))
                if not os.path.exists(path):
                    playlists.replace(path, webvtt.segment([], 0, transport_stream.first_video_pts(media)))

    def on_fragment_begins(self, number, start):
        if self._fragments:
            self._fragments[-1].end = start
        self._fragments.append(Fragment(start, self._location_of(number)))
        self._publish()

    def on_fragment_written(self, location):
        for fragment in self._fragments:
            if fragment.location == location:
                fragment.written = time.monotonic()
        self._publish()

    def on_cue(self, tag, start, end, text):
        self._segmenters[tag].add(webvtt.Cue(start, end, text))
        self._publish()

    def on_position(self, tag, position):
        self._segmenters[tag].advance(position)
        self._publish()

    def on_captions_end(self, tag):
        self._segmenters[tag].advance(math.inf)
        self._publish()

    def on_end(self):
        if self._fragments:
            last = self._fragments[-1]
            ticks, frames = transport_stream.video_length(last.location)
            frame = ticks / (frames - 1) if frames > 1 else transport_stream.CLOCK / 25
            last.end = last.start + round((ticks + frame) * 1_000_000_000 / transport_stream.CLOCK)
            self._publish()
        # A live source that ended may come back; a file that was played to its end does not.
        if not self._interrupted and inputs.uri_of(self._options.input).startswith("file:"):
            self._stream.end()
        self._loop.quit()

    def on_failure(self, reason):
        self._failure = self._failure or reason
        self._loop.quit()

    def _publish(self):
        while self._fragments:
            fragment = self._fragments[0]
            if fragment.end is None or fragment.written is None or any(
                    segmenter.complete_until < fragment.end for segmenter in self._segmenters.values()):
                return
            self._list(self._fragments.pop(0))

    def _list(self, fragment):
        number = self._stream.next_number
        pts = transport_stream.first_video_pts(fragment.location)
        for tag, segmenter in self._segmenters.items():
            text = webvtt.segment(segmenter.take(fragment.start, fragment.end), fragment.start, pts)
            playlists.replace(self._stream.path(playlists.captions_name(tag, number)), text)
        if self._epoch is None:
            now = datetime.datetime.now(datetime.timezone.utc)
            self._epoch = now - datetime.timedelta(microseconds=self._pipeline.running_time() / 1000)
        duration = (fragment.end - fragment.start) / pipeline.Gst.SECOND
        self._stream.append(duration, self._epoch + datetime.timedelta(microseconds=fragment.start / 1000))
        if not self._described:
            self._describe()
        if self._options.verbose:
            held = time.monotonic() - fragment.written
            print(f"segment {number}: {duration:.3f} s, held back {held:.1f} s for its captions", flush=True)

    def _describe(self):
        codecs, width, height, frame_rate = self._pipeline.media_format()
        # The peak rate is that of half a segment or more (RFC 8216, 4.3.4.2), which may bring as much as a
        # decoder buffers beside what belongs to its time.
        shortest = self._options.segment / 2
        video = self._options.video_bitrate * (1 + pipeline.DECODER_BUFFER / shortest)
        rate = round((video + self._options.audio_bitrate) * 1000 * OVERHEAD)
        self._stream.write_multivariant(playlists.Variant(rate, codecs, width, height, frame_rate))
        self._described = True


def main():
    options = options_of(sys.argv[1:])
    pipeline.Gst.init(None)
    try:
        Broadcast(options).run()
    except (OSError, ValueError, pipeline.GLib.Error) as error:
        sys.exit(f"kyutaistt-hls: {error}")


if __name__ == "__main__":
    main()
