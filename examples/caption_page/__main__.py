# SPDX-License-Identifier: LGPL-2.1-or-later
"""Live captions as a web page: one program hears INPUT, any number of phones and screens read along.

docs/live.md describes it.
"""
import argparse
import asyncio
import os
import secrets
import signal
import sys

from aiohttp import web

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "shared"))
import inputs  # noqa: E402 - found in the folder above
import recognition  # noqa: E402 - needs the one above
import transcript  # noqa: E402
from gi.repository import GLib  # noqa: E402

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "page.html")
# Proxies close connections on which nothing comes.
KEEP_ALIVE = 15


class Server:
    def __init__(self, domains):
        self._domains = domains
        self._transcript = transcript.Transcript(secrets.token_hex(4), len(domains))
        self._changed = asyncio.Condition()
        self._stopping = asyncio.Event()
        self._tasks = set()
        self._failure = None
        self.application = web.Application()
        self.application.add_routes([
            web.get("/", self._page), web.get("/events", self._events), web.get("/domains", self._list_domains),
            web.get("/captions.txt", self._file("text/plain", self._transcript.text)),
            web.get("/captions.srt", self._file("application/x-subrip", self._transcript.srt)),
            web.get("/captions.vtt", self._file("text/vtt", self._transcript.vtt))])

    async def serve(self, options):
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stopping.set)
        hearing = recognition.Recognition(
            options.input, options.model, self._domains, options.set,
            lambda *report: loop.call_soon_threadsafe(self._take, *report))
        runner = web.AppRunner(self.application)
        await runner.setup()
        try:
            await web.TCPSite(runner, options.address, options.port, shutdown_timeout=1).start()
            print(f"http://{options.address}:{runner.addresses[0][1]}/", flush=True)
            hearing.start()
            await self._stopping.wait()
            hearing.stop()
            await self._notify()
        finally:
            await runner.cleanup()
        if self._failure is not None:
            raise ValueError(self._failure)

    def _take(self, what, *values):
        """What the recognition reports."""
        if what == "failure":
            self._failure = self._failure or values[0]
            self._stopping.set()
            return
        getattr(self._transcript, f"add_{what}")(*values)
        task = asyncio.ensure_future(self._notify())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _notify(self):
        async with self._changed:
            self._changed.notify_all()

    async def _page(self, _request):
        return web.FileResponse(PAGE)

    async def _list_domains(self, _request):
        return web.json_response(self._domains)

    def _file(self, content_type, text_of):
        async def respond(request):
            domain = request.query.get("domain", self._domains[0])
            if domain not in self._domains:
                raise web.HTTPNotFound(text=f"found domain {domain}, expected one of {', '.join(self._domains)}")
            return web.Response(text=text_of(self._domains.index(domain)), content_type=content_type, charset="utf-8",
                                headers={"Content-Disposition": "attachment", "Cache-Control": "no-store"})
        return respond

    async def _events(self, request):
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8",
                                               "Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        await response.prepare(request)
        had = request.headers.get("Last-Event-ID", request.query.get("after", ""))
        position = self._transcript.position_after(had)
        try:
            if position is None:
                position = 0
                await response.write(b"event: reset\ndata: {}\n\n")
            while not self._stopping.is_set():
                events, position = self._transcript.events_from(position)
                sent = "".join(self._transcript.as_sent(event) for event in events) or ": still here\n\n"
                await response.write(sent.encode())
                await self._wait_for_more(position)
        except ConnectionResetError:
            pass
        return response

    async def _wait_for_more(self, position):
        async def wait():
            async with self._changed:
                while not self._stopping.is_set() and not self._transcript.events_from(position)[0]:
                    await self._changed.wait()
        try:
            await asyncio.wait_for(wait(), KEEP_ALIVE)
        except asyncio.TimeoutError:
            pass


def main():
    parser = argparse.ArgumentParser(prog="kyutaistt-caption-page", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", metavar="INPUT", help="a file, or an address of rtsp, srt, rtmp, udp or http")
    parser.add_argument("--model", required=True, help="model folder, or an id in the Hugging Face cache")
    parser.add_argument("--domain", required=True, metavar="DOMAIN[,DOMAIN...]",
                        help="what to write, e.g. asr_is_en; several stand beside each other")
    parser.add_argument("--address", default="127.0.0.1", help="where to listen (127.0.0.1); 0.0.0.0: everywhere")
    parser.add_argument("--port", type=int, default=8080, help="(8080)")
    parser.add_argument("--set", type=inputs.property_of, action="append", default=[], metavar="PROPERTY=VALUE",
                        help="a property of the element kyutaistt, e.g. precision=int8")
    options = parser.parse_args()
    recognition.Gst.init(None)

    async def run():
        await Server(options.domain.split(",")).serve(options)
    try:
        asyncio.run(run())
    except (OSError, ValueError, GLib.Error) as error:
        sys.exit(f"kyutaistt-caption-page: {error}")


if __name__ == "__main__":
    main()
