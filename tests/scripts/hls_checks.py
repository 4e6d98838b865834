# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds a folder of live HLS with captions to RFC 8216, from nothing but its files."""
import datetime
import os
import re

CLOCK = 90_000
WRAP = 1 << 33


class Segment:
    def __init__(self, name, duration, date, discontinuity):
        self.name = name
        self.duration = duration
        self.date = date
        self.discontinuity = discontinuity


class Playlist:
    """A media playlist, whose every line has to be known."""

    def __init__(self, text):
        lines = text.splitlines()
        assert text.endswith("\n") and lines[0] == "#EXTM3U", f"found no whole playlist: {text!r}"
        self.ended = lines[-1] == "#EXT-X-ENDLIST"
        if self.ended:
            lines.pop()
        self.header = dict(line.split(":", 1) for line in lines[1:5])
        wanted = {"#EXT-X-VERSION", "#EXT-X-TARGETDURATION", "#EXT-X-MEDIA-SEQUENCE",
                  "#EXT-X-DISCONTINUITY-SEQUENCE"}
        assert set(self.header) == wanted, self.header
        self.first = int(self.header["#EXT-X-MEDIA-SEQUENCE"])
        self.target = int(self.header["#EXT-X-TARGETDURATION"])
        self.segments = []
        entry = re.compile(r"(#EXT-X-DISCONTINUITY\n)?#EXT-X-PROGRAM-DATE-TIME:(\S+)\n"
                           r"#EXTINF:(\d+\.\d+),\n([^#\n]+)\n")
        rest = "\n".join(lines[5:]) + "\n"
        while rest:
            found = entry.match(rest)
            assert found, f"found {rest!r}, expected a segment"
            self.segments.append(Segment(found[4], float(found[3]), datetime.datetime.fromisoformat(found[2]),
                                         found[1] is not None))
            rest = rest[found.end():]
        assert self.segments
        for segment in self.segments:
            assert int(segment.duration + 0.5) <= self.target, (segment.name, segment.duration, self.target)


class TransportStream:
    """PTS of the first frames of a segment, by packets."""

    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        assert data and len(data) % 188 == 0, f"{path}: {len(data)} bytes are no packets"
        self.size = len(data)
        first = {}
        for start in range(0, len(data), 188):
            packet = data[start:start + 188]
            assert packet[0] == 0x47, f"{path}: no packet at byte {start}"
            if start == 0:
                assert packet[1] & 0x1f == 0 and packet[2] == 0, f"{path}: does not begin with a PAT"
            random_access = bool(packet[3] & 0x20 and packet[4] and packet[5] & 0x40)
            payload = packet[4 + (1 + packet[4] if packet[3] & 0x20 else 0):]
            if not packet[1] & 0x40 or payload[:3] != b"\0\0\1":
                continue
            kind = "video" if 0xe0 <= payload[3] <= 0xef else "audio"
            stamp = int.from_bytes(payload[9:14], "big")
            pts = (stamp >> 33 & 7) << 30 | (stamp >> 17 & 0x7fff) << 15 | stamp >> 1 & 0x7fff
            first.setdefault(kind, (pts, random_access))
        self.video, key_frame = first["video"]
        # A recording's sound may end before its video.
        self.audio, _ = first.get("audio", (None, None))
        assert key_frame, f"{path}: its first frame is no key frame"


def milliseconds(text):
    found = re.fullmatch(r"(\d{2,}):([0-5]\d):([0-5]\d)\.(\d{3})", text)
    assert found, f"found {text!r}, expected a time of WebVTT"
    hours, minutes, seconds, rest = (int(part) for part in found.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + rest


class Captions:
    """A segment of WebVTT: where its map puts its cues on the clock of the media."""

    def __init__(self, path):
        with open(path, encoding="utf-8", newline="") as file:
            text = file.read()
        assert text.endswith("\n"), f"{path}: does not end with a line break"
        blocks = text.rstrip("\n").split("\n\n")
        found = re.fullmatch(r"WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:(\d+),LOCAL:(\S+)", blocks[0])
        assert found, f"{path}: found {blocks[0]!r}, expected the header and a map"
        self.mpegts, self.local = int(found[1]), milliseconds(found[2])
        assert self.mpegts < WRAP
        self.cues = []
        for block in blocks[1:]:
            times, *lines = block.split("\n")
            start, end = (milliseconds(time) for time in times.split(" --> "))
            assert start < end and lines and all(lines), f"{path}: {block!r}"
            assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", "\n".join(lines)), f"{path}: {block!r}"
            self.cues.append((start, end, "\n".join(lines)))
        assert self.cues == sorted(set(self.cues)), f"{path}: cues are not in order"

    def after(self, pts, time):
        """Milliseconds from a PTS of the media to a time of a cue."""
        ticks = (self.mpegts - pts + WRAP // 2) % WRAP - WRAP // 2
        return ticks * 1000 / CLOCK + time - self.local


def attributes(line):
    return {name: value.strip('"') for name, value
            in re.findall(r'([A-Z0-9-]+)=("[^"]*"|[^",]+)', line.split(":", 1)[1])}


def read(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return file.read()


def check_multivariant(folder, languages):
    """The playlist's attributes; returns the media's name, its bandwidth, and the captions' playlists."""
    lines = read(folder, "live.m3u8").splitlines()
    assert lines[0] == "#EXTM3U"
    streams = [at for at, line in enumerate(lines) if line.startswith("#EXT-X-STREAM-INF:")]
    assert len(streams) == 1
    stream = attributes(lines[streams[0]])
    assert stream["CLOSED-CAPTIONS"] == "NONE"
    assert re.fullmatch(r"avc1\.[0-9A-F]{6},mp4a\.40\.2", stream["CODECS"]), stream["CODECS"]
    tracks = [attributes(line) for line in lines if line.startswith("#EXT-X-MEDIA:")]
    assert [track["LANGUAGE"] for track in tracks] == languages
    assert [track["DEFAULT"] for track in tracks] == ["YES"] + ["NO"] * (len(tracks) - 1)
    for track in tracks:
        assert track["TYPE"] == "SUBTITLES" and track["AUTOSELECT"] == "YES", track
        assert track["GROUP-ID"] == stream["SUBTITLES"] and track["NAME"], track
    return lines[streams[0] + 1], int(stream["BANDWIDTH"]), {track["LANGUAGE"]: track["URI"] for track in tracks}


def check_captions(runs):
    """Every cue is in those segments that it is seen in, and in no other. A run is the segments between
    discontinuities: pairs of a beginning and a length on one clock, and captions. Returns the cues."""
    cues = []
    for run in runs:
        origin = run[0][0]
        found = {}
        for at, (pts, _duration, captions) in enumerate(run):
            for start, end, text in captions.cues:
                first = captions.after(origin, start)
                found.setdefault((round(first), round(first + end - start), text), set()).add(at)
        for (start, end, text), segments in found.items():
            for at, (pts, duration, _captions) in enumerate(run):
                begins = (pts - origin) % WRAP * 1000 / CLOCK
                # Times of cues have milliseconds: one may touch a border by less.
                seen = start < begins + duration * 1000 - 1 and end > begins + 1
                touched = start < begins + duration * 1000 + 1 and end > begins - 1
                assert at in segments or not seen, f"{text!r} lacks in segment {at} of its run"
                assert at not in segments or touched, f"{text!r} is not to be seen in segment {at} of its run"
        cues += sorted(found)
    return cues


def check_bandwidth(media, streams, bandwidth):
    """The peak rate is that of any segments in a row that last from 0.5 to 1.5 times the target."""
    for first in range(len(streams)):
        duration = size = 0
        for segment, stream in zip(media.segments[first:], streams[first:]):
            duration += segment.duration
            size += stream.size
            if 0.5 * media.target <= duration <= 1.5 * media.target:
                rate = size * 8 / duration
                assert rate <= bandwidth, f"found {rate} bit/s up to {segment.name}, expected at most {bandwidth}"


def check_stream(folder, languages):
    """Checks all of it. Returns the media's playlist, and by language the cues: milliseconds after the
    first frame of their run, and text."""
    assert not [name for name in os.listdir(folder) if name.endswith(".part")]
    media_name, bandwidth, captions_names = check_multivariant(folder, languages)
    media = Playlist(read(folder, media_name))
    streams = [TransportStream(os.path.join(folder, segment.name)) for segment in media.segments]
    for at, (segment, stream) in enumerate(zip(media.segments, streams)):
        if at and not segment.discontinuity:
            before = media.segments[at - 1]
            ticks = (stream.video - streams[at - 1].video) % WRAP
            assert abs(ticks - before.duration * CLOCK) <= 1, (segment.name, ticks, before.duration)
            apart = (segment.date - before.date).total_seconds()
            assert abs(apart - before.duration) < 0.002, (segment.name, apart, before.duration)
    check_bandwidth(media, streams, bandwidth)
    cues = {}
    for language, name in captions_names.items():
        playlist = Playlist(read(folder, name))
        assert (playlist.header, playlist.ended) == (media.header, media.ended)
        assert len(playlist.segments) == len(media.segments)
        runs = [[]]
        for at, (own, other) in enumerate(zip(playlist.segments, media.segments)):
            assert (own.duration, own.date, own.discontinuity) == (other.duration, other.date, other.discontinuity)
            captions = Captions(os.path.join(folder, own.name))
            if at and own.discontinuity:
                runs.append([])
            runs[-1].append((streams[at].video, own.duration, captions))
        cues[language] = check_captions(runs)
    return media, streams, cues
