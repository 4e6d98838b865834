# SPDX-License-Identifier: LGPL-2.1-or-later
"""Captions that stay up: a source that is lost is connected again, and the captions go on in the same output.

docs/live.md describes it.
"""
import argparse
import asyncio
import collections
import os
import shlex
import signal
import sys
import time

from aiohttp import web

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "shared"))
import inputs  # noqa: E402 - found in the folder above
import captions  # noqa: E402 - needs the one above
import metrics  # noqa: E402
import notify  # noqa: E402
import source  # noqa: E402
from gi.repository import GLib, Gst  # noqa: E402 - the version was chosen above

SILENCE_INTERVAL = 0.1
LOAD_INTERVAL = 5
# A source that was heard for so long may be tried again at once.
STEADY = 30
# Seconds without progress after which the service counts as stuck.
STUCK = 30


class Service:
    def __init__(self, options):
        self._options = options
        self._playing = asyncio.Event()
        self._stopping = asyncio.Event()
        self._ended = asyncio.Event()
        self._failure = None
        self._source = None
        self._connected = False
        self._losses = collections.Counter()
        self._connections = 0
        self._lags = metrics.Lags()
        self._load = metrics.Load()
        self._frames = (0, time.monotonic())

    async def run(self):
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._on_signal)
        options = self._options
        self._captions = captions.Captions(
            options.model, options.domain, options.set, options.format, sink_of(options),
            lambda *report: loop.call_soon_threadsafe(self._take, *report))
        runner = web.AppRunner(self._application())
        await runner.setup()
        tasks = []
        try:
            await web.TCPSite(runner, options.address, options.port, shutdown_timeout=1).start()
            report(f"http://{options.address}:{runner.addresses[0][1]}/metrics")
            self._captions.start()
            if await self._first_of(self._playing, self._stopping) is self._playing:
                notify.notify("READY=1", "STATUS=playing")
                tasks = [asyncio.create_task(work) for work in (
                    self._keep_connected(), self._fill(), self._watch_load(), self._reassure())]
                for task in tasks:
                    task.add_done_callback(self._on_done)
                await self._stopping.wait()
                notify.notify("STOPPING=1")
                await self._drain(tasks)
        finally:
            for task in tasks:
                task.cancel()
            self._captions.stop()
            await runner.cleanup()
        if self._failure is not None:
            raise ValueError(self._failure)

    def _on_signal(self):
        """The first one ends the service in order, the second at once."""
        if self._stopping.is_set():
            self._ended.set()
        self._stopping.set()

    def _take(self, what, *values):
        """What the captions report."""
        if what == "word":
            self._lags.add(values[0])
        elif what == "playing":
            self._frames = (0, time.monotonic())
            self._playing.set()
        else:
            # "end" comes only after the service was to stop.
            if what == "failure":
                self._failure = self._failure or values[0]
            self._stopping.set()
            self._ended.set()

    def _on_done(self, task):
        """Work that ends by itself has failed: without it the service is no use."""
        if not task.cancelled() and task.exception() is not None:
            self._take("failure", repr(task.exception()))

    @staticmethod
    async def _first_of(*events):
        waiting = {asyncio.create_task(event.wait()): event for event in events}
        done, rest = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in rest:
            task.cancel()
        return waiting[done.pop()]

    async def _drain(self, tasks):
        """What was heard is written to its last word."""
        if self._source is not None:
            self._source.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._failure is None:
            self._captions.finish()
            await self._ended.wait()

    async def _keep_connected(self):
        loop = asyncio.get_running_loop()
        wait = self._options.retry
        while True:
            self._captions.begin_source()
            self._source = source.Source(inputs.uri_of(self._options.input), self._options.stall, self._hear)
            begun = time.monotonic()
            kind, reason = await loop.run_in_executor(None, self._source.run)
            was_connected, self._connected = self._connected, False
            self._losses[kind] += 1
            if was_connected and time.monotonic() - begun > STEADY:
                wait = self._options.retry
            report(f"{self._options.input}: {reason}; again in {wait:g} s")
            notify.notify(f"STATUS=source lost ({kind})")
            await asyncio.sleep(wait)
            wait = min(2 * wait, self._options.max_retry)

    def _hear(self, sample, running_time):
        """On a thread of GStreamer's."""
        if not self._connected:
            self._connected = True
            self._connections += 1
            notify.notify("STATUS=playing")
        self._captions.push(sample, running_time)

    async def _fill(self):
        while True:
            if not self._connected:
                self._captions.fill()
            await asyncio.sleep(SILENCE_INTERVAL)

    async def _watch_load(self):
        while True:
            self._measure()
            await asyncio.sleep(LOAD_INTERVAL)

    def _measure(self):
        stats = self._captions.statistics()
        self._load.add(stats["steps"], stats["busy"])
        if stats["frames"] != self._frames[0]:
            self._frames = (stats["frames"], time.monotonic())
        return stats

    def _is_stuck(self):
        return time.monotonic() - self._frames[1] > STUCK

    async def _reassure(self):
        interval = notify.watchdog_interval()
        while interval is not None:
            if not self._is_stuck():
                notify.notify("WATCHDOG=1")
            await asyncio.sleep(interval)

    def _application(self):
        application = web.Application()
        application.add_routes([web.get("/metrics", self._on_metrics), web.get("/health", self._on_health)])
        return application

    async def _on_health(self, _request):
        if not self._playing.is_set():
            state = "loading"
        elif self._stopping.is_set():
            state = "stopping"
        else:
            state = "stuck" if self._is_stuck() else "running"
        return web.json_response({"state": state, "source": "connected" if self._connected else "lost"},
                                 status=200 if state == "running" else 503, headers={"Cache-Control": "no-store"})

    async def _on_metrics(self, _request):
        stats = self._measure()
        losses = [(f'kyutaistt_source_losses_total{{reason="{kind}"}}', self._losses[kind])
                  for kind in ("end", "error", "stall")]

        def counter(name, key, description):
            return name, "counter", "", description, [(f"{name}_total", stats[key])]

        def gauge(name, value, description, unit=""):
            return name, "gauge", unit, description, [(name, value)]
        families = [
            counter("kyutaistt_words", "words", "Words recognised."),
            ("kyutaistt_lag_seconds", "summary", "seconds", "From the end of a word to its text.",
             self._lags.lines("kyutaistt_lag_seconds")),
            counter("kyutaistt_frames", "frames", "Frames of 80 ms recognised."),
            counter("kyutaistt_dropped_frames", "dropped-frames", "Frames dropped because recognition was too slow."),
            gauge("kyutaistt_queue_seconds", stats["queued"] / Gst.SECOND, "Audio that waits for the model.",
                  "seconds"),
            gauge("kyutaistt_streams", stats["streams"], "Streams that share the model."),
            counter("kyutaistt_relays", "relays", "Fresh contexts that took over."),
            counter("kyutaistt_renewals", "renewals", "Contexts that wrote nothing of speech and were replaced."),
            counter("kyutaistt_steps", "steps", "Steps of the model."),
            gauge("kyutaistt_step_seconds", self._load.step_seconds(), "Mean step of the last half minute.",
                  "seconds"),
            gauge("kyutaistt_free_ratio", self._load.free(), "Share of that time in which the model was idle.",
                  "ratio"),
            gauge("kyutaistt_source_connected", int(self._connected), "1 while the source brings sound."),
            ("kyutaistt_source_connections", "counter", "", "How often the source began to bring sound.",
             [("kyutaistt_source_connections_total", self._connections)]),
            ("kyutaistt_source_losses", "counter", "", "How often the source was lost.", losses)]
        return web.Response(text=metrics.text(families), headers={"Content-Type": metrics.CONTENT_TYPE})


def report(message):
    print(f"kyutaistt-service: {message}", file=sys.stderr, flush=True)


def sink_of(options):
    if options.sink:
        return options.sink
    if options.output == "-":
        return "fdsink"
    return f"filesink buffer-mode=unbuffered append=true location={shlex.quote(options.output)}"


def seconds(text):
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected seconds")
    return value


def main():
    parser = argparse.ArgumentParser(prog="kyutaistt-service", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", metavar="INPUT", help="a file, or an address of rtsp, srt, rtmp, udp or http")
    parser.add_argument("--model", required=True, help="model folder, or an id in the Hugging Face cache")
    parser.add_argument("--domain", required=True, help="what to write, e.g. asr_is_en")
    parser.add_argument("--format", choices=captions.FORMATS, default="vtt", help="(vtt)")
    parser.add_argument("--output", default="-", metavar="FILE", help="where to append captions (standard output)")
    parser.add_argument("--sink", metavar="ELEMENTS",
                        help='instead: where they go, in gst-launch\'s words, e.g. "udpsink host=a port=5000"')
    parser.add_argument("--stall", type=seconds, default=10, metavar="SECONDS",
                        help="without sound for so long the source is lost (10)")
    parser.add_argument("--retry", type=seconds, default=1, metavar="SECONDS",
                        help="first wait before it is connected again; doubles each time (1)")
    parser.add_argument("--max-retry", type=seconds, default=60, metavar="SECONDS", help="longest wait (60)")
    parser.add_argument("--address", default="127.0.0.1", help="where /metrics and /health are (127.0.0.1)")
    parser.add_argument("--port", type=int, default=9108, help="(9108)")
    parser.add_argument("--set", type=inputs.property_of, action="append", default=[], metavar="PROPERTY=VALUE",
                        help="a property of the element kyutaistt, e.g. precision=int8")
    options = parser.parse_args()
    Gst.init(None)

    async def run():
        await Service(options).run()
    try:
        asyncio.run(run())
    except (OSError, ValueError, GLib.Error) as error:
        sys.exit(f"kyutaistt-service: {error}")


if __name__ == "__main__":
    main()
