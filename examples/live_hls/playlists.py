# SPDX-License-Identifier: LGPL-2.1-or-later
"""The playlists of a live HLS stream, and the folder that holds it.

Media and captions have the same segments, so all playlists are written from one list. The media's is
replaced last: what it lists is there.
"""
import dataclasses
import datetime
import os
import re

MULTIVARIANT = "live.m3u8"
MEDIA = "video.m3u8"


@dataclasses.dataclass(frozen=True)
class Language:
    tag: str
    domain: str
    name: str


@dataclasses.dataclass(frozen=True)
class Segment:
    number: int
    duration: float
    date: datetime.datetime
    discontinuity: bool = False


@dataclasses.dataclass(frozen=True)
class Variant:
    """What the multivariant playlist says of the media."""
    bandwidth: int
    codecs: str
    width: int
    height: int
    frame_rate: float


def media_name(number):
    return f"video-{number}.ts"


def captions_name(tag, number):
    return f"captions-{tag}-{number}.vtt"


def captions_playlist(tag):
    return f"captions-{tag}.m3u8"


def quoted(text):
    """A quoted string of a playlist, which can hold neither quotes nor line breaks."""
    return '"' + re.sub(r"[\"\r\n]", "'", text) + '"'


def replace(path, text):
    """Who reads the file sees the old text or the new one, whole."""
    part = path + ".part"
    with open(part, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
    os.replace(part, path)


def parse_media_playlist(text):
    """The segments of a playlist that `Stream` wrote, its discontinuity sequence and target duration."""
    segments = []
    discontinuities = target = 0
    discontinuity, date, duration = False, None, None
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name == "#EXT-X-DISCONTINUITY-SEQUENCE":
            discontinuities = int(value)
        elif name == "#EXT-X-TARGETDURATION":
            target = int(value)
        elif name == "#EXT-X-DISCONTINUITY":
            discontinuity = True
        elif name == "#EXT-X-PROGRAM-DATE-TIME":
            date = datetime.datetime.fromisoformat(value)
        elif name == "#EXTINF":
            duration = float(value.rstrip(","))
        elif line and not line.startswith("#"):
            number = int(re.fullmatch(r"video-(\d+)\.ts", line)[1])
            segments.append(Segment(number, duration, date, discontinuity))
            discontinuity = False
    return segments, discontinuities, target


class Stream:
    """The stream in a folder. It goes on where the last one in the same folder was left."""

    def __init__(self, folder, languages, length, target):
        self.folder = folder
        self._languages = languages
        self._length = length
        self._target = target
        self._segments = []
        self._discontinuities = 0
        self._was_left = False
        os.makedirs(folder, exist_ok=True)
        if os.path.exists(self.path(MEDIA)):
            self._resume()

    def _resume(self):
        with open(self.path(MEDIA), encoding="utf-8") as file:
            text = file.read()
        try:
            self._segments, self._discontinuities, target = parse_media_playlist(text)
        except (TypeError, ValueError):
            raise ValueError(f"{self.path(MEDIA)}: found a playlist of another program, "
                             "expected one of this program or none") from None
        self._target = max(self._target, target)
        self._was_left = bool(self._segments)
        # Segments that were never listed, whole or not.
        for name in os.listdir(self.folder):
            number = self._number_of(name.removesuffix(".part"))
            if number is not None and number >= self.next_number:
                os.remove(self.path(name))

    def path(self, name):
        return os.path.join(self.folder, name)

    @property
    def next_number(self):
        return self._segments[-1].number + 1 if self._segments else 0

    @property
    def segments(self):
        return tuple(self._segments)

    def append(self, duration, date):
        """Lists a segment whose files are there."""
        self._segments.append(Segment(self.next_number, duration, date, self._was_left))
        self._was_left = False
        # A segment is not split where a source stalls; players want the target to cover all of them.
        self._target = max(self._target, int(duration + 0.5))
        for segment in self._segments[:-self._length]:
            self._discontinuities += segment.discontinuity
        del self._segments[:-self._length]
        self._write_playlists(ended=False)
        self._remove_old()

    def end(self):
        """No segment will follow."""
        if self._segments:
            self._write_playlists(ended=True)

    def _write_playlists(self, ended):
        for language in self._languages:
            replace(self.path(captions_playlist(language.tag)),
                    self._playlist(lambda number: captions_name(language.tag, number), ended))
        replace(self.path(MEDIA), self._playlist(media_name, ended))

    def _playlist(self, name_of, ended):
        lines = ["#EXTM3U", "#EXT-X-VERSION:6", f"#EXT-X-TARGETDURATION:{self._target}",
                 f"#EXT-X-MEDIA-SEQUENCE:{self._segments[0].number}",
                 f"#EXT-X-DISCONTINUITY-SEQUENCE:{self._discontinuities}"]
        for segment in self._segments:
            if segment.discontinuity:
                lines.append("#EXT-X-DISCONTINUITY")
            lines += [f"#EXT-X-PROGRAM-DATE-TIME:{segment.date.isoformat(timespec='milliseconds')}",
                      f"#EXTINF:{segment.duration:.6f},", name_of(segment.number)]
        if ended:
            lines.append("#EXT-X-ENDLIST")
        return "\n".join(lines) + "\n"

    @staticmethod
    def _number_of(name):
        found = re.fullmatch(r"(?:video|captions-.+)-(\d+)\.(?:ts|vtt)", name)
        return int(found[1]) if found else None

    def _remove_old(self):
        # A player may still load what the playlist before listed, as long as that was: RFC 8216, 6.2.2.
        oldest = self._segments[0].number - self._length - 1
        for name in os.listdir(self.folder):
            number = self._number_of(name)
            if number is not None and number < oldest:
                os.remove(self.path(name))

    def write_multivariant(self, variant):
        lines = ["#EXTM3U", "#EXT-X-VERSION:6", "#EXT-X-INDEPENDENT-SEGMENTS"]
        for language in self._languages:
            default = "YES" if language is self._languages[0] else "NO"
            lines.append(f'#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="captions",NAME={quoted(language.name)},'
                         f"LANGUAGE={quoted(language.tag)},DEFAULT={default},AUTOSELECT=YES,FORCED=NO,"
                         f"URI={quoted(captions_playlist(language.tag))}")
        lines += [f"#EXT-X-STREAM-INF:BANDWIDTH={variant.bandwidth},CODECS={quoted(variant.codecs)},"
                  f"RESOLUTION={variant.width}x{variant.height},FRAME-RATE={variant.frame_rate:.3f},"
                  'SUBTITLES="captions",CLOSED-CAPTIONS=NONE', MEDIA]
        replace(self.path(MULTIVARIANT), "\n".join(lines) + "\n")
