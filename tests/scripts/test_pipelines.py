#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs every command of docs/pipelines.md with the element of a build, and looks at what comes out.

    test_pipelines.py ROOT
"""
import os
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = sys.argv[1]
ENGLISH = ("Northwest three to five meters per second, mostly dry. "
           "West two to four meters per second, bright weather.")
WIDTH, HEIGHT, FRAMES_A_SECOND = 320, 240, 25


def read_page():
    """The commands of the page by their headings, and the headings that its table names."""
    with open(os.path.join(ROOT, "docs", "pipelines.md"), encoding="utf-8") as file:
        text = file.read()
    commands = {}
    for section in text.split("\n## ")[1:]:
        title, body = section.split("\n", 1)
        block = re.search(r"```sh\n(.*?)```", body, re.DOTALL)
        if block:
            commands[title] = block[1]
    return commands, re.findall(r"^\| \[(.*?)\]", text, re.MULTILINE)


COMMANDS, TABLE = read_page()


def cues_of(text):
    """Start, end in seconds and lines of each cue of a SubRip or WebVTT file."""
    cues = []
    for block in re.split(r"\n\s*\n", text.strip()):
        times = re.search(r"([\d:.,]+) --> ([\d:.,]+)\n(.*)", block, re.DOTALL)
        if times:
            cues.append((*(sum(float(part) * unit for part, unit in zip(
                reversed(time.replace(",", ".").split(":")), (1, 60, 3600)))
                           for time in times.groups()[:2]), times[3].split("\n")))
    return cues


def words_of(cues):
    return " ".join(line for cue in cues for line in cue[2])


class Pipelines(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        os.symlink(os.path.join(ROOT, "examples"), os.path.join(self.folder.name, "examples"))

    def tearDown(self):
        self.folder.cleanup()

    def run_shell(self, command):
        result = subprocess.run(["sh", "-e", "-c", command], cwd=self.folder.name, timeout=120,
                                capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, command + result.stdout + result.stderr)
        return result.stdout

    def run_page(self, title):
        return self.run_shell(COMMANDS[title])

    def read(self, name):
        with open(os.path.join(self.folder.name, name), encoding="utf-8") as file:
            return file.read()

    def check_cues(self, text, words=ENGLISH, tolerance=0.09):
        cues = cues_of(text)
        self.assertEqual(words_of(cues), words)
        self.assertAlmostEqual(cues[0][0], 0.24, delta=tolerance)
        for cue, following in zip(cues, cues[1:]):
            self.assertLess(cue[0], cue[1])
            self.assertLessEqual(cue[1], following[0])
        return cues

    def read_pictures(self, name):
        self.run_shell(f"gst-launch-1.0 -q filesrc location={name} ! oggdemux ! theoradec ! videoconvert ! "
                       "video/x-raw,format=GRAY8 ! filesink location=pictures")
        with open(os.path.join(self.folder.name, "pictures"), "rb") as file:
            pictures = file.read()
        size = WIDTH * HEIGHT
        return [pictures[at:at + size] for at in range(0, len(pictures), size)]

    def check_pictures(self, name, first_cue=1):
        """Something bright stands in the pictures of both cues, and nothing before the first."""
        pictures = self.read_pictures(name)
        self.assertGreaterEqual(len(pictures), 150)

        def brightest(seconds):
            return max(pictures[int(seconds * FRAMES_A_SECOND)])

        self.assertLess(brightest(0.08), 64)
        self.assertGreater(brightest(first_cue), 180)
        self.assertGreater(brightest(5), 180)

    def check_container(self, name):
        """A subtitle track that GstDiscoverer sees, and that comes out again."""
        found = self.run_shell(f"gst-discoverer-1.0 {name}")
        self.assertRegex(found, r"subtitles")
        self.assertRegex(found, r"audio")
        demux = "matroskademux" if name.endswith("mkv") else "qtdemux"
        text = self.run_shell(f"gst-launch-1.0 -q filesrc location={name} ! {demux} name=d "
                              "d.subtitle_0 ! queue ! fdsink d.audio_0 ! queue ! fakesink")
        self.assertEqual(" ".join(re.sub(r"[\0\n]", " ", text).split()).replace(".West", ". West"),
                         ENGLISH)

    def test_every_command_has_its_test(self):
        tested = {method[5:].replace("_", " ") for method in dir(self) if method.startswith("test_")}
        wanted = {re.sub(r"[^\w ]", "", title.lower()) for title in COMMANDS}
        self.assertEqual(tested - {"every command has its test", "live files are written at once"}, wanted)
        self.assertEqual(TABLE, list(COMMANDS))

    def test_live_files_are_written_at_once(self):
        for title, command in COMMANDS.items():
            if "live" in title.lower():
                self.assertEqual(command.count("filesink"), command.count("buffer-mode=unbuffered"), title)

    def test_subtitles_on_the_terminal(self):
        self.check_cues(self.run_page("Subtitles on the terminal"))

    def test_a_webvtt_file(self):
        self.run_page("A WebVTT file")
        text = self.read("forecast.vtt")
        self.assertTrue(text.startswith("WEBVTT\n\n"))
        self.check_cues(text, "Norðvestan þrír til fimm metrar á sekúndu, þurrt að kalla. "
                              "Vestan tveir til fjórir metrar á sekúndu, bjartviðri.")

    def test_a_subrip_file(self):
        self.run_page("A SubRip file")
        cues = self.check_cues(self.read("forecast.srt"))
        self.assertTrue(all(len(line) <= 37 for cue in cues for line in cue[2]))

    def test_webvtt_by_webvttenc(self):
        self.run_page("WebVTT by webvttenc")
        self.check_cues(self.read("encoded.vtt"))

    def test_words_with_their_times(self):
        lines = [line.split() for line in self.run_page("Words with their times").splitlines()]
        self.assertEqual(" ".join(line[3] for line in lines), ENGLISH)

    def test_lines_for_an_encoder_of_captions(self):
        self.run_page("Lines for an encoder of captions")
        cues = self.check_cues(self.read("cea608.srt"))
        self.assertTrue(all(len(cue[2]) <= 2 for cue in cues))
        self.assertTrue(all(len(line) <= 32 for cue in cues for line in cue[2]))

    def test_two_languages_at_once(self):
        self.run_page("Two languages at once")
        self.check_cues(self.read("english.srt"))
        self.assertIn("þurrt að kalla.", words_of(cues_of(self.read("icelandic.srt"))))

    def test_two_recordings_at_once(self):
        self.run_page("Two recordings at once")
        self.check_cues(self.read("first.srt"))
        second = words_of(cues_of(self.read("second.srt")))
        self.assertNotEqual(second, ENGLISH)
        self.assertIn("meters per second", second)

    def test_recordings_one_after_the_other(self):
        self.run_page("Recordings one after the other")
        cues = self.check_cues(self.read("both.srt"), ENGLISH + " Good day. Thank you.")
        self.assertGreater(cues[-1][0], 7.8)

    def test_a_recording_whose_stream_changes(self):
        title = "A recording whose stream changes"
        words = "Good day. Thank you. Clouding over today. Warming up."
        self.run_page(title)
        cues = cues_of(self.read("joined.srt"))
        self.assertEqual(words_of(cues), words)
        starts = [cue[0] for cue in cues]
        self.assertEqual(starts, sorted(starts))
        # The same with joined Ogg files, which have no numbers of their own.
        command = re.sub(r"mux\.sink_\$number", "mux.", COMMANDS[title].replace("mpegtsmux", "oggmux"))
        self.run_shell("rm joined.srt\n" + command)
        self.assertEqual(words_of(cues_of(self.read("joined.srt"))), words)

    def test_a_subtitle_track_in_matroska(self):
        self.run_page("A subtitle track in Matroska")
        self.check_container("subtitled.mkv")

    def test_a_subtitle_track_in_mp4(self):
        self.run_page("A subtitle track in MP4")
        self.check_container("subtitled.mp4")

    def test_a_subtitle_track_in_fragmented_mp4(self):
        self.run_page("A subtitle track in fragmented MP4")
        self.check_container("fragmented.mp4")

    def test_subtitles_burnt_in(self):
        self.run_page("Subtitles burnt in")
        self.check_pictures("burnt-in.ogv")

    def test_subtitles_burnt_in_from_webvtt(self):
        self.run_page("Subtitles burnt in from WebVTT")
        self.check_pictures("overlaid.ogv", first_cue=3)

    def test_a_players_text_input(self):
        self.run_page("A player's text input")
        self.check_pictures("played.ogv", first_cue=3)

    def test_live_from_rtp(self):
        self.run_page("Live from RTP")
        # How long before the sender the receiver began is not told by RTP alone.
        self.assertEqual(words_of(cues_of(self.read("rtp.srt"))), ENGLISH)

    def test_live_from_rtsp(self):
        self.run_page("Live from RTSP")
        self.check_cues(self.read("rtsp.srt"), tolerance=0.4)

    def check_live_pictures(self, name, max_dark):
        """The text stands in the pictures for some seconds, but not in the first. At most so many of those between the
        first word and the last are without text."""
        pictures = self.read_pictures(name)
        bright = [max(picture) > 180 for picture in pictures]
        self.assertFalse(any(bright[:FRAMES_A_SECOND]))
        self.assertGreater(sum(bright), 4 * FRAMES_A_SECOND)
        spoken = bright[bright.index(True):len(bright) - bright[::-1].index(True)]
        self.assertLessEqual(spoken.count(False), max_dark)
        self.assertIn("audio", self.run_shell(f"gst-discoverer-1.0 {name}"))

    def test_captions_over_live_pictures(self):
        self.run_page("Captions over live pictures")
        self.check_live_pictures("live.ogv", 0)

    def test_captions_over_live_pictures_from_webvtt(self):
        self.run_page("Captions over live pictures from WebVTT")
        # On a busy machine, text may come after its picture.
        self.check_live_pictures("live-overlaid.ogv", 2 * FRAMES_A_SECOND)

    def test_webvtt_over_tcp(self):
        self.run_page("WebVTT over TCP")
        text = self.read("late.vtt")
        self.assertTrue(text.startswith("WEBVTT\n\n"))
        self.assertIn("bright weather.", words_of(cues_of(text)))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
