#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints words with their times while a file is recognised: GStreamer from Python.

    print_words.py FILE [MODEL] [DOMAIN]

Needs python3-gi, gir1.2-gstreamer-1.0, and the element where GStreamer finds it (GST_PLUGIN_PATH).
"""
import os
import signal
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402 - the version has to be chosen first


def seconds(time):
    return f"{time / Gst.SECOND:7.2f}"


def on_message(_bus, message, loop, failures):
    structure = message.get_structure()
    if message.type == Gst.MessageType.ELEMENT and structure.has_name("kyutaistt/word"):
        print(seconds(structure.get_value("start-time")), seconds(structure.get_value("end-time")),
              f"{structure.get_value('confidence'):.2f}", structure.get_value("text"), flush=True)
    elif message.type == Gst.MessageType.ERROR:
        error, details = message.parse_error()
        print(f"{message.src.get_name()}: {error.message}", details or "", file=sys.stderr)
        failures.append(error)
        loop.quit()
    elif message.type == Gst.MessageType.EOS:
        loop.quit()


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    if not 2 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    file, model, domain = sys.argv[1:] + [os.path.join(here, "model"), "asr_is_is"][len(sys.argv) - 2:]
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    Gst.init(None)
    pipeline = Gst.parse_launch("filesrc name=file ! decodebin ! kyutaistt name=stt post-words=true ! "
                                "text/x-raw ! fakesink sync=false")
    pipeline.get_by_name("file").set_property("location", file)
    stt = pipeline.get_by_name("stt")
    stt.set_property("model", model)
    stt.set_property("domain", domain)
    loop = GLib.MainLoop()
    failures = []
    bus = pipeline.get_bus()
    bus.add_signal_watch()
    bus.connect("message", on_message, loop, failures)
    pipeline.set_state(Gst.State.PLAYING)
    try:
        loop.run()
        print(stt.get_property("stats").to_string(), file=sys.stderr)
    finally:
        pipeline.set_state(Gst.State.NULL)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
