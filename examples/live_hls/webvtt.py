# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cues of one language, cut into WebVTT segments. Times are nanoseconds on one clock."""
import dataclasses

from transport_stream import WRAP


@dataclasses.dataclass(frozen=True)
class Cue:
    start: int
    end: int
    text: str


class Segmenter:
    """Keeps cues until every segment that shows them has been taken."""

    def __init__(self):
        self._cues = []
        # Every cue that begins before this time has come.
        self.complete_until = 0

    def add(self, cue):
        self._cues.append(cue)
        self.advance(cue.end)

    def advance(self, position):
        self.complete_until = max(self.complete_until, position)

    def take(self, start, end):
        """The cues to be seen in [start, end); segments are taken in order. A cue that lasts longer
        is in the next segment too, and what ended before this one is forgotten."""
        seen = [cue for cue in self._cues if cue.start < end and cue.end > start]
        self._cues = [cue for cue in self._cues if cue.end > end]
        return seen


def clock_time(nanoseconds):
    milliseconds = (nanoseconds + 500_000) // 1_000_000
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{milliseconds:03}"


def escaped(text):
    """Text as the payload of a cue, which ends at an empty line."""
    for plain, reference in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(plain, reference)
    return "\n".join(line for line in text.splitlines() if line.strip())


def segment(cues, local, pts):
    """A WebVTT segment whose cues' time `local` is the media's `pts`. Both are those of the segment's
    beginning, so that the map holds however often the clock of MPEG-TS has wrapped, every 26.5 h."""
    # The map has milliseconds, so the ticks are those of the rounded time.
    rounded = (local + 500_000) // 1_000_000 * 1_000_000
    pts = (pts + round((rounded - local) * 9 / 100_000)) % WRAP
    blocks = [f"WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:{pts},LOCAL:{clock_time(local)}"]
    blocks += [f"{clock_time(cue.start)} --> {clock_time(cue.end)}\n{escaped(cue.text)}" for cue in cues]
    return "\n\n".join(blocks) + "\n"
