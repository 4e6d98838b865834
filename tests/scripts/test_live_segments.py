#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tests the parts of examples/live_hls that need no GStreamer: segments of WebVTT, and playlists.

    test_live_segments.py EXAMPLES
"""
import datetime
import os
import sys
import tempfile
import unittest

import hls_checks

sys.path.insert(0, os.path.join(sys.argv[1], "live_hls"))
import playlists  # noqa: E402 - found in the folder above
import transport_stream  # noqa: E402
import webvtt  # noqa: E402

SECOND = 1_000_000_000
MIDNIGHT = datetime.datetime(2026, 1, 31, 23, 59, 58, 500_000, tzinfo=datetime.timezone.utc)
ENGLISH = playlists.Language("en", "asr_is_en", 'English "plain"')
ICELANDIC = playlists.Language("is", "asr_is_is", "Íslenska")


def cue(start, end, text="words"):
    return webvtt.Cue(round(start * SECOND), round(end * SECOND), text)


class Segmenting(unittest.TestCase):
    def taken(self, cues, ends, begin=0):
        """Texts of the cues in segments that end at these seconds."""
        segmenter = webvtt.Segmenter()
        for one in cues:
            segmenter.add(one)
        segments = []
        for end in ends:
            segments.append([one.text for one in segmenter.take(round(begin * SECOND), round(end * SECOND))])
            begin = end
        return segments

    def test_a_cue_across_borders_is_in_every_segment_that_shows_it(self):
        self.assertEqual(self.taken([cue(1, 7, "long"), cue(7, 7.5, "short")], [2, 4, 6, 8, 10]),
                         [["long"], ["long"], ["long"], ["long", "short"], []])

    def test_a_cue_that_touches_a_border_is_on_one_side_of_it(self):
        self.assertEqual(self.taken([cue(1, 2, "before"), cue(2, 3, "after")], [2, 4]), [["before"], ["after"]])

    def test_what_ended_before_the_first_segment_is_in_none(self):
        self.assertEqual(self.taken([cue(0, 0.5, "early"), cue(0.5, 1.5, "cut")], [2], begin=1), [["cut"]])

    def test_captions_are_complete_up_to_the_last_report(self):
        segmenter = webvtt.Segmenter()
        self.assertEqual(segmenter.complete_until, 0)
        segmenter.advance(3)
        segmenter.add(webvtt.Cue(3, 5, "words"))
        self.assertEqual(segmenter.complete_until, 5)
        segmenter.advance(4)
        self.assertEqual(segmenter.complete_until, 5)


class Text(unittest.TestCase):
    def captions(self, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "captions.vtt")
            playlists.replace(path, webvtt.segment(*arguments))
            return hls_checks.Captions(path)

    def test_silence_has_header_and_map(self):
        self.assertEqual(webvtt.segment([], 0, 324_000_000),
                         "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:324000000,LOCAL:00:00:00.000\n")

    def test_times_and_text(self):
        self.assertEqual(webvtt.segment([cue(3599.9996, 360_000.25, "a < b &\n\nc --> d")], 4 * SECOND, 90_000),
                         "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:90000,LOCAL:00:00:04.000\n\n"
                         "01:00:00.000 --> 100:00:00.250\na &lt; b &amp;\nc --&gt; d\n")

    def test_the_map_is_exact_though_its_time_is_rounded(self):
        # 3.0222 ms are 272 ticks; the map says 3 ms, which are 270.
        captions = self.captions([cue(1, 2)], 3_022_200, 324_000_272)
        self.assertEqual((captions.local, captions.mpegts), (3, 324_000_270))
        self.assertEqual(self.captions([], 3_600_000, 324).mpegts, 360)

    def test_the_clock_wraps_within_a_stream(self):
        wrap = transport_stream.WRAP
        before = self.captions([cue(100, 104)], 101 * SECOND, wrap - 90_000)
        after = self.captions([cue(100, 104)], 103 * SECOND, 90_000)
        self.assertEqual(before.after(wrap - 90_000, before.cues[0][0]), -1000)
        self.assertEqual(after.after(wrap - 90_000, after.cues[0][0]), -1000)
        self.assertEqual(self.captions([], 600_000, 0).mpegts, 36)
        self.assertEqual(self.captions([], 400_000, 0).mpegts, wrap - 36)


class Playlists(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def stream(self, languages=(ENGLISH,), length=3, target=2):
        return playlists.Stream(self.folder, languages, length, target)

    def append(self, stream, count=1, duration=2.0):
        for _ in range(count):
            number = stream.next_number
            for name in [playlists.media_name(number), playlists.captions_name("en", number)]:
                playlists.replace(stream.path(name), "content")
            stream.append(duration, MIDNIGHT + datetime.timedelta(seconds=2 * number))

    def read(self, name="video.m3u8"):
        return hls_checks.Playlist(hls_checks.read(self.folder, name))

    def test_a_playlist(self):
        self.append(self.stream(), duration=1.96)
        self.assertEqual(hls_checks.read(self.folder, "captions-en.m3u8"),
                         "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n"
                         "#EXT-X-DISCONTINUITY-SEQUENCE:0\n"
                         "#EXT-X-PROGRAM-DATE-TIME:2026-01-31T23:59:58.500+00:00\n"
                         "#EXTINF:1.960000,\ncaptions-en-0.vtt\n")
        self.assertEqual(hls_checks.read(self.folder, "video.m3u8").splitlines()[-1], "video-0.ts")

    def test_old_segments_leave_the_playlist_and_later_the_folder(self):
        self.append(self.stream(), 9)
        self.assertEqual([segment.name for segment in self.read().segments], ["video-6.ts", "video-7.ts", "video-8.ts"])
        self.assertEqual(self.read("captions-en.m3u8").first, 6)
        self.assertEqual(sorted(os.listdir(self.folder)), sorted(
            ["video.m3u8", "captions-en.m3u8"]
            + [f"video-{number}.ts" for number in range(2, 9)]
            + [f"captions-en-{number}.vtt" for number in range(2, 9)]))

    def test_a_restart_goes_on_after_a_discontinuity(self):
        stream = self.stream()
        self.append(stream, 4)
        stream.end()
        self.assertTrue(self.read().ended)
        # Written, never listed: the program ended between the two.
        for name in ("video-4.ts", "captions-en-4.vtt", "captions-is-4.vtt.part"):
            playlists.replace(os.path.join(self.folder, name), "unlisted")
        stream = self.stream()
        self.assertEqual(stream.next_number, 4)
        self.assertEqual([name for name in os.listdir(self.folder) if "-4." in name], [])
        sequences = []
        for _ in range(4):
            self.append(stream)
            playlist = self.read()
            sequences.append((playlist.first, int(playlist.header["#EXT-X-DISCONTINUITY-SEQUENCE"]),
                              [segment.discontinuity for segment in playlist.segments]))
        self.assertEqual(sequences, [(2, 0, [False, False, True]), (3, 0, [False, True, False]),
                                     (4, 0, [True, False, False]), (5, 1, [False, False, False])])
        self.assertFalse(self.read().ended)
        self.assertEqual(self.read().segments[0].date, MIDNIGHT + datetime.timedelta(seconds=10))

    def test_the_target_covers_the_longest_segment(self):
        stream = self.stream()
        self.append(stream, duration=2.49)
        self.assertEqual(self.read().target, 2)
        self.append(stream, duration=4.5)
        self.assertEqual(self.read().target, 5)
        self.append(self.stream())
        self.assertEqual(self.read().target, 5)

    def test_a_playlist_of_another_program_is_not_overwritten(self):
        path = os.path.join(self.folder, "video.m3u8")
        playlists.replace(path, "#EXTM3U\n#EXTINF:2,\nother.ts\n")
        with self.assertRaisesRegex(ValueError, "video.m3u8: found a playlist of another program, expected"):
            self.stream()
        self.assertIn("other.ts", hls_checks.read(self.folder, "video.m3u8"))

    def test_the_multivariant_playlist(self):
        self.stream((ENGLISH, ICELANDIC)).write_multivariant(
            playlists.Variant(2_500_000, "avc1.4D401F,mp4a.40.2", 1280, 720, 30000 / 1001))
        media, bandwidth, captions = hls_checks.check_multivariant(self.folder, ["en", "is"])
        self.assertEqual((media, bandwidth), ("video.m3u8", 2_500_000))
        self.assertEqual(captions, {"en": "captions-en.m3u8", "is": "captions-is.m3u8"})
        text = hls_checks.read(self.folder, "live.m3u8")
        self.assertIn("NAME=\"English 'plain'\"", text)
        self.assertIn("RESOLUTION=1280x720,FRAME-RATE=29.970,", text)


class TransportStream(unittest.TestCase):
    @staticmethod
    def packet(pts, stream_id=0xe0, stuffing=0):
        """A packet that begins a frame."""
        stamp = bytes([0x21 | pts >> 29 & 0xe, pts >> 22 & 0xff, 1 | pts >> 14 & 0xfe,
                       pts >> 7 & 0xff, 1 | pts << 1 & 0xfe])
        field = bytes([stuffing]) + bytes(stuffing) if stuffing else b""
        pes = b"\0\0\1" + bytes([stream_id]) + b"\0\0\x80\x80\x05" + stamp
        return (b"\x47\x40\x41" + bytes([0x30 if stuffing else 0x10]) + field + pes).ljust(188, b"\xff")

    def test_the_pts_of_video(self):
        data = (self.packet(7, stream_id=0xc0) + self.packet((1 << 33) - 1) + self.packet(0x123456789, stuffing=20)
                + b"\x47\x00\x41\x10".ljust(188, b"\0"))
        self.assertEqual(list(transport_stream.video_pts(data)), [(1 << 33) - 1, 0x123456789])

    def test_what_is_no_transport_stream(self):
        with self.assertRaisesRegex(ValueError, "byte 188: found 0x00, expected a packet's 0x47"):
            list(transport_stream.video_pts(self.packet(1) + bytes(188)))

    def test_the_length_of_a_segment(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "video.ts")
            with open(path, "wb") as file:
                file.write(b"".join(self.packet(pts % transport_stream.WRAP) for pts in (-3600, 0, 3600)))
            self.assertEqual(transport_stream.video_length(path), (7200, 3))
            self.assertEqual(transport_stream.first_video_pts(path), transport_stream.WRAP - 3600)
            with open(path, "wb") as file:
                file.write(self.packet(0, stream_id=0xc0))
            with self.assertRaisesRegex(ValueError, "video.ts: found no video, expected a frame with a PTS"):
                transport_stream.first_video_pts(path)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
