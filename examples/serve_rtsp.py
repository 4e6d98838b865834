#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Serves a recording as a live RTSP stream, rtsp://127.0.0.1:PORT/speech, to one listener.

    serve_rtsp.py FILE [PORT]

Needs python3-gi and gir1.2-gst-rtsp-server-1.0. Ends when its listener has gone.
"""
import os
import signal
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402 - versions have to be chosen first


def main():
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    file, port = sys.argv[1:] + ["8554"][len(sys.argv) - 2:]
    if not os.path.isfile(file):
        sys.exit(f"{file}: there is no such file")
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    Gst.init(None)
    loop = GLib.MainLoop()
    factory = GstRtspServer.RTSPMediaFactory()
    location = os.path.abspath(file).replace('"', '\\"')
    factory.set_launch(f'( filesrc location="{location}" ! decodebin ! audioconvert ! audioresample ! '
                       "audio/x-raw,rate=44100,channels=1 ! rtpL16pay name=pay0 pt=96 )")
    server = GstRtspServer.RTSPServer()
    server.set_service(port)
    server.get_mount_points().add_factory("/speech", factory)
    server.connect("client-connected",
                   lambda _server, client: client.connect("closed", lambda _client: loop.quit()))
    if server.attach(None) == 0:
        sys.exit(f"port {port} cannot be used")
    print(f"rtsp://127.0.0.1:{port}/speech", flush=True)
    loop.run()


if __name__ == "__main__":
    main()
