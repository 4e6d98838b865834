#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Draws what a viewer sees of a recording while it is spoken, in each way of writing captions.

    draw_captions.py MODEL DOMAIN RECORDING > PICTURE.svg

Each text is seen when it comes (caption_modes.py), without synchronisation, until the next one. Needs the plugin in
GST_PLUGIN_PATH, python3-gi, gir1.2-gst-plugins-base-1.0 and python3-numpy.
"""
import subprocess
import sys
from html import escape

import numpy as np

import caption_modes

MOMENTS = [3, 4.5, 6, 7.5, 10]
LEFT, TOP, WIDTH, HEIGHT, SPACE = 66, 62, 226, 60, 8
TITLES = {"word": "text-unit=word", "line": "text-unit=line", "cue, live": "cue-preset=live", "cue": "text-unit=cue"}
STYLE = """
text { font-family: sans-serif; font-size: 12px; fill: #222 }
.title { font-size: 13px; font-weight: bold }
.said { font-size: 11px; fill: #666 }
.caption { font-size: 11px; fill: #fff }
"""


def read_sound(recording):
    """f32 samples, with silence until after the last moment."""
    pipeline = ["filesrc", f"location={recording}", "!", "decodebin", "!", "audioconvert", "!", "audioresample", "!",
                f"audio/x-raw,format=F32LE,channels=1,rate={caption_modes.RATE}", "!", "fdsink"]
    raw = subprocess.run(["gst-launch-1.0", "--quiet", *pipeline], check=True, stdout=subprocess.PIPE).stdout
    sound = np.frombuffer(raw, np.float32)
    silence = max(0, int((MOMENTS[-1] + 1) * caption_modes.RATE) - len(sound))
    return np.concatenate([sound, np.zeros(silence, np.float32)])


def seen(texts, moment):
    came = [text.text for text in texts if text.came <= moment]
    return came[-1].split("\n") if came else []


def draw_frame(x, y, lines):
    drawn = f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="3" fill="#30455c"/>'
    first = y + HEIGHT - 8 - 15 * (len(lines) - 1)
    for number, line in enumerate(lines):
        drawn += f'<text class="caption" x="{x + 8}" y="{first + 15 * number}">{escape(line)}</text>'
    return drawn


def draw(modes):
    width = LEFT + len(modes) * (WIDTH + SPACE)
    height = TOP + len(MOMENTS) * (HEIGHT + 26)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
             f'viewBox="0 0 {width} {height}"><style>{STYLE}</style>',
             f'<rect width="{width}" height="{height}" fill="#fff"/>',
             '<text x="0" y="16">What a viewer sees without synchronisation, after so many seconds of speech, and what '
             'has been said by then:</text>']
    for column, name in enumerate(modes):
        parts.append(f'<text class="title" x="{LEFT + column * (WIDTH + SPACE)}" y="40">{TITLES[name]}</text>')
    for row, moment in enumerate(MOMENTS):
        y = TOP + row * (HEIGHT + 26)
        said = " ".join(text.text for text in modes["word"].texts if text.start < moment)
        parts.append(f'<text class="said" x="{LEFT}" y="{y - 5}">{escape(said)}</text>')
        parts.append(f'<text x="{LEFT - 12}" y="{y + HEIGHT / 2}" text-anchor="end">{moment:g} s</text>')
        for column, captions in enumerate(modes.values()):
            parts.append(draw_frame(LEFT + column * (WIDTH + SPACE), y, seen(captions.texts, moment)))
    return "\n".join([*parts, "</svg>"])


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    model, domain, recording = sys.argv[1:]
    caption_modes.Gst.init([])
    modes = {name: caption_modes.Captions(model, domain, properties)
             for name, properties in caption_modes.MODES.items()}
    caption_modes.listen(modes.values(), read_sound(recording))
    print(draw(modes))


if __name__ == "__main__":
    main()
