# SPDX-License-Identifier: LGPL-2.1-or-later
"""What was said in the last hour: as events for pages, and as files. Times are seconds of the stream."""
import collections
import dataclasses
import html
import json

KEPT = 3600


@dataclasses.dataclass(frozen=True)
class Event:
    number: int
    kind: str
    time: float
    data: dict


@dataclasses.dataclass(frozen=True)
class Cue:
    start: float
    end: float
    text: str


def clock_time(seconds, point):
    milliseconds = round(seconds * 1000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{milliseconds // 1000:02}{point}{milliseconds % 1000:03}"


class Transcript:
    """Of one text or several, which have numbers."""

    def __init__(self, run, texts=1):
        """`run` names this run of the program, so that a page knows when another one answers."""
        self._run = run
        self._next_number = 0
        self._events = collections.deque()
        self._cues = [collections.deque() for _ in range(texts)]
        self._newest = 0.0

    def add_word(self, number, text, start, end, confidence):
        self._add("word", start, {"column": number, "text": text, "start": round(start, 3), "end": round(end, 3),
                                  "confidence": round(confidence, 3)})

    def add_pause(self, number, time):
        self._add("pause", time, {"column": number, "start": round(time, 3)})

    def add_end(self):
        """Nothing more will be said."""
        self._add("end", self._newest, {})

    def add_cue(self, number, start, end, text):
        self._cues[number].append(Cue(start, end, text))
        self._forget(end)

    def _add(self, kind, time, data):
        self._events.append(Event(self._next_number, kind, time, data))
        self._next_number += 1
        self._forget(time)

    def _forget(self, time):
        self._newest = max(self._newest, time)
        while self._events and self._events[0].time < self._newest - KEPT:
            self._events.popleft()
        for cues in self._cues:
            while cues and cues[0].end < self._newest - KEPT:
                cues.popleft()

    def position_after(self, identifier):
        """Where a page goes on that had the event with this identifier last. None: it has to begin anew,
        for it had none, or one of another run, or has missed what is forgotten."""
        run, _, number = identifier.rpartition("-")
        if run != self._run or not number.isdigit():
            return None
        position = int(number) + 1
        oldest = self._events[0].number if self._events else self._next_number
        return position if oldest <= position <= self._next_number else None

    def events_from(self, position):
        """The events from a position on, and the position after them."""
        skipped = max(0, position - self._events[0].number) if self._events else 0
        return [self._events[at] for at in range(skipped, len(self._events))], self._next_number

    def as_sent(self, event):
        """An event in the form of server-sent events."""
        data = json.dumps(event.data, ensure_ascii=False)
        return f"id: {self._run}-{event.number}\nevent: {event.kind}\ndata: {data}\n\n"

    def text(self, number=0):
        """A line for what was said between two pauses."""
        lines = [[]]
        for event in self._events:
            if event.data.get("column", number) != number:
                continue
            if event.kind == "word":
                lines[-1].append(event.data["text"])
            elif lines[-1]:
                lines.append([])
        return "".join(" ".join(line) + "\n" for line in lines if line)

    def srt(self, number=0):
        return "\n".join(f"{count}\n{clock_time(cue.start, ',')} --> {clock_time(cue.end, ',')}\n{cue.text}\n"
                         for count, cue in enumerate(self._cues[number], 1))

    def vtt(self, number=0):
        return "\n".join(["WEBVTT\n"] + [
            f"{clock_time(cue.start, '.')} --> {clock_time(cue.end, '.')}\n{html.escape(cue.text, quote=False)}\n"
            for cue in self._cues[number]])
