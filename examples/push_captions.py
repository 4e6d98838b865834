#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Live captions for a server that has the video: every cue is posted to it when it is complete.

    push_captions.py INPUT --model MODEL --domain asr_is_en --to youtube --url 'http://upload.youtube.com/...'
    push_captions.py INPUT --model MODEL --domain asr_is_en --to ovenmediaengine --token TOKEN --label English \\
        --url http://server:8081/v1/vhosts/default/apps/app/streams/stream

YouTube: URL is the ingestion URL of the captions, from the live control room. OvenMediaEngine (0.19.1 or
later): URL is the stream's in its API, LABEL the subtitle track's in its configuration.
"""
import argparse
import base64
import datetime
import html
import json
import os
import queue
import signal
import sys
import time
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "shared"))
import inputs  # noqa: E402 - found in the folder above
import recognition  # noqa: E402
from gi.repository import GLib, Gst  # noqa: E402 - the version was chosen above

TRIES = 5
TIMEOUT = 10
# Nothing is posted by way of a proxy that was meant for browsers.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class YouTube:
    """https://support.google.com/youtube/answer/6077032"""

    def __init__(self, options):
        self._url = options.url
        self._offset = options.offset
        self._number = 0
        self._epoch = None

    def request(self, start, _end, text, now):
        # One clock for all cues: that of the first one's arrival.
        self._epoch = self._epoch or datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=now)
        self._number += 1
        at = self._epoch + datetime.timedelta(seconds=start + self._offset)
        body = f"{at.strftime('%Y-%m-%dT%H:%M:%S')}.{at.microsecond // 1000:03}\n{text.replace(chr(10), '<br>')}\n"
        separator = "&" if "?" in self._url else "?"
        return urllib.request.Request(f"{self._url}{separator}seq={self._number}", body.encode(),
                                      {"Content-Type": "text/plain; charset=utf-8"})


class OvenMediaEngine:
    """https://docs.ovenmediaengine.com/dev/subtitles"""

    def __init__(self, options):
        self._url = options.url + ":sendSubtitles"
        self._label = options.label
        self._credentials = base64.b64encode(options.token.encode()).decode()

    def request(self, start, end, text, _now):
        # It is shown from now on: the server knows no other clock.
        subtitle = {"startOffset": 0, "durationMs": round((end - start) * 1000), "text": html.escape(text, quote=False)}
        body = {"format": "webvtt", "data": [{"label": self._label, "subtitles": [subtitle]}]}
        return urllib.request.Request(self._url, json.dumps(body).encode(), {
            "Content-Type": "application/json", "Authorization": "Basic " + self._credentials})


SERVERS = {"youtube": YouTube, "ovenmediaengine": OvenMediaEngine}


def post(request, wait=0.5):
    """Tries again for a while; a caption that comes too late is of no use to anybody."""
    for attempt in range(TRIES):
        try:
            with OPENER.open(request, timeout=TIMEOUT):
                return
        except urllib.error.HTTPError as error:
            reason = f"{error.code} {error.reason}"
            if error.code < 500:
                break
        except OSError as error:
            reason = str(error)
        time.sleep(wait * 2 ** attempt)
    print(f"push_captions: a caption was lost: {reason}", file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", metavar="INPUT", help="a file, or an address of rtsp, srt, rtmp, udp or http")
    parser.add_argument("--model", required=True, help="model folder, or an id in the Hugging Face cache")
    parser.add_argument("--domain", required=True, help="what to write, e.g. asr_is_en")
    parser.add_argument("--to", choices=SERVERS, required=True)
    parser.add_argument("--url", required=True)
    parser.add_argument("--offset", type=float, default=0, metavar="SECONDS",
                        help="YouTube: added to the times, if its video is later or earlier")
    parser.add_argument("--label", default="English", help="OvenMediaEngine: of the subtitle track")
    parser.add_argument("--token", default="", help="OvenMediaEngine: the access token of its API")
    parser.add_argument("--set", type=inputs.property_of, action="append", default=[], metavar="PROPERTY=VALUE",
                        help="a property of the element kyutaistt, e.g. cue-max-duration=3000")
    options = parser.parse_args()
    Gst.init(None)
    reports = queue.SimpleQueue()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_arguments: reports.put(("end",)))
    try:
        hearing = recognition.Recognition(options.input, options.model, [options.domain], options.set,
                                          lambda *report: reports.put(report))
    except (ValueError, GLib.Error) as error:
        sys.exit(f"push_captions: {error}")
    server = SERVERS[options.to](options)
    hearing.start()
    what, *values = reports.get()
    while what not in ("end", "failure"):
        if what == "cue":
            _domain, *cue = values
            post(server.request(*cue, hearing.now()))
        what, *values = reports.get()
    hearing.stop()
    if what == "failure":
        sys.exit(f"push_captions: {values[0]}")


if __name__ == "__main__":
    main()
