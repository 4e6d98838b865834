#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Draws what the program heard in a recording: its waveform, the words at their times, and its
first cue as a player shows it.

    draw_words.py MODEL DOMAIN RECORDING > PICTURE.svg

Needs `kyutaistt` and `gst-launch-1.0` in PATH, as `meson devenv -C BUILD` provides them.
"""
import array
import json
import re
import subprocess
import sys
from html import escape

WIDTH = 960
WAVE_TOP, WAVE_HEIGHT = 20, 70
WORDS_TOP, ROW_HEIGHT = 126, 17
WORD_ROWS = 3
FRAME_TOP, FRAME_WIDTH, FRAME_HEIGHT = 196, 400, 225
HEIGHT = FRAME_TOP + FRAME_HEIGHT + 12
RATE = 8000
BARS = 480

STYLE = """
text { font-family: sans-serif; font-size: 13px; fill: #222 }
.axis { font-size: 11px; fill: #666 }
.cue { font-size: 17px; fill: #fff; text-anchor: middle }
"""


def transcribe(model, domain, recording, form):
    return subprocess.run(
        ["kyutaistt", "transcribe", model, recording, "--domain", domain, "--format", form],
        check=True, capture_output=True, text=True).stdout


def read_samples(recording):
    """The recording as 16-bit samples, one channel."""
    pipeline = ["filesrc", f"location={recording}", "!", "decodebin", "!", "audioconvert", "!",
                "audioresample", "!", f"audio/x-raw,format=S16LE,channels=1,rate={RATE}", "!",
                "fdsink"]
    raw = subprocess.run(["gst-launch-1.0", "--quiet", *pipeline], check=True,
                         stdout=subprocess.PIPE).stdout
    return array.array("h", raw)


def draw_wave(samples):
    """A bar for the loudest sample of each piece."""
    middle = WAVE_TOP + WAVE_HEIGHT / 2
    size = len(samples) / BARS
    path = []
    for bar in range(BARS):
        piece = samples[int(bar * size):int((bar + 1) * size)]
        half = max(map(abs, piece)) / 32768 * WAVE_HEIGHT / 2
        path.append(f"M{(bar + 0.5) * WIDTH / BARS:.0f} {middle - half:.1f}v{2 * half:.1f}")
    return f'<path d="{"".join(path)}" stroke="#4878a8"/>'


def draw_axis(duration):
    y = WAVE_TOP + WAVE_HEIGHT + 16
    return "".join(f'<text class="axis" x="{second * WIDTH / duration + 2:.0f}" y="{y}">{second} s</text>'
                   for second in range(int(duration) + 1))


def draw_words(words, duration):
    """Each word at its start, with a line from its start to its end; rows take turns."""
    parts = []
    for index, word in enumerate(words):
        y = WORDS_TOP + index % WORD_ROWS * ROW_HEIGHT
        begin, end = (word[key] * WIDTH / duration for key in ("start", "end"))
        parts.append(f'<path d="M{begin + 1:.0f} {WAVE_TOP}V{y + 3}H{end - 1:.0f}" stroke="#d0a040" fill="none"/>'
                     f'<text x="{begin + 3:.0f}" y="{y}">{escape(word["text"])}</text>')
    return "".join(parts)


def draw_frame(cue):
    """A picture of a film with the cue on it."""
    left = (WIDTH - FRAME_WIDTH) / 2
    lines = cue.splitlines()
    top = FRAME_TOP + FRAME_HEIGHT - 18 - 22 * (len(lines) - 1)
    return (f'<rect x="{left:.0f}" y="{FRAME_TOP}" width="{FRAME_WIDTH}" height="{FRAME_HEIGHT}" fill="#304050"/>'
            + "".join(f'<text class="cue" x="{WIDTH / 2:.0f}" y="{top + 22 * row}">{escape(line)}</text>'
                      for row, line in enumerate(lines)))


def draw(model, domain, recording):
    result = json.loads(transcribe(model, domain, recording, "json"))
    cues = re.findall(r"-->.*\n((?:.+\n)+)", transcribe(model, domain, recording, "srt"))
    samples = read_samples(recording)
    duration = len(samples) / RATE
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">',
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        draw_wave(samples),
        draw_axis(duration),
        draw_words(result["words"], duration),
        draw_frame(cues[0]),
        "</svg>",
    ])


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    print(draw(*sys.argv[1:]))
