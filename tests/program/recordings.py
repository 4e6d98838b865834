# SPDX-License-Identifier: LGPL-2.1-or-later
"""Recordings of 16 bits in files that are made here."""
import struct
import subprocess
import wave


def decode(path, rate=24000):
    """The samples of a recording: mono, 16 bits, little-endian."""
    return subprocess.run(
        ["gst-launch-1.0", "--quiet", "filesrc", f"location={path}", "!", "decodebin", "!",
         "audioconvert", "!", "audioresample", "!",
         f"audio/x-raw,format=S16LE,channels=1,rate={rate}", "!", "fdsink"],
        capture_output=True, check=True).stdout


def write_wave(path, samples, rate=24000, channels=1):
    with wave.open(path, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples)


def endless_wave_header(rate=24000):
    """What begins a recording whose end is not known yet."""
    return (b"RIFF\xff\xff\xff\xffWAVEfmt " +
            struct.pack("<IHHIIHH", 16, 1, 1, rate, 2 * rate, 2, 16) + b"data\xff\xff\xff\xff")


def write_matroska(path, packets, rate=24000, starts=None):
    """A file of PCM whose packets have the given samples: also none. Without their starts in
    milliseconds they follow each other."""
    def element(identifier, content):
        return bytes.fromhex(identifier) + struct.pack(">Q", len(content) | 1 << 56) + content

    def number(identifier, value):
        return element(identifier, struct.pack(">Q", value))

    audio = element("b5", struct.pack(">d", rate)) + number("9f", 1) + number("6264", 16)
    track = (number("d7", 1) + number("73c5", 1) + number("83", 2) +
             element("86", b"A_PCM/INT/LIT") + element("e1", audio))
    clusters, samples = b"", 0
    for i, packet in enumerate(packets):
        time = number("e7", starts[i] if starts else samples * 1000 // rate)
        clusters += element("1f43b675", time + element("a3", b"\x81\x00\x00\x80" + packet))
        samples += len(packet) // 2
    with open(path, "wb") as file:
        file.write(element("1a45dfa3", element("4282", b"matroska")))
        file.write(element("18538067", element("1549a966", number("2ad7b1", 1000000)) +
                           element("1654ae6b", element("ae", track)) + clusters))
