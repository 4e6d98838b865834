# SPDX-License-Identifier: LGPL-2.1-or-later
"""Presentation times of the video in a segment of MPEG-TS."""

PACKET = 188
CLOCK = 90_000
WRAP = 1 << 33


def pts_of_pes(payload):
    """The PTS in a PES header, None if it has none."""
    if len(payload) < 14 or not payload[7] & 0x80:
        return None
    field = payload[9:14]
    return ((field[0] >> 1 & 7) << 30 | field[1] << 22 | field[2] >> 1 << 15
            | field[3] << 7 | field[4] >> 1)


def video_pts(data):
    """The PTS of each frame of video, in the order of the stream."""
    for start in range(0, len(data) - PACKET + 1, PACKET):
        packet = data[start:start + PACKET]
        if packet[0] != 0x47:
            raise ValueError(f"byte {start}: found 0x{packet[0]:02x}, expected a packet's 0x47")
        if not packet[1] & 0x40 or not packet[3] & 0x10:
            continue
        payload = packet[4 + (1 + packet[4] if packet[3] & 0x20 else 0):]
        if payload[:3] == b"\0\0\1" and 0xe0 <= payload[3] <= 0xef:
            pts = pts_of_pes(payload)
            if pts is not None:
                yield pts


def first_video_pts(path):
    """The PTS of a segment's first frame of video."""
    with open(path, "rb") as file:
        data = file.read()
    for pts in video_pts(data):
        return pts
    raise ValueError(f"{path}: found no video, expected a frame with a PTS")


def video_length(path):
    """Ticks from the first frame of video to the last one, and how many frames there are."""
    with open(path, "rb") as file:
        times = list(video_pts(file.read()))
    if not times:
        raise ValueError(f"{path}: found no video, expected a frame with a PTS")
    return max((pts - times[0]) % WRAP for pts in times), len(times)
