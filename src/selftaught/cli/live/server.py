"""A server for one person on this machine: only its own address, only with the token in it, only from its own pages.

It writes nothing but the answers to what waits for a person.
"""

import asyncio
import secrets
import socket
import webbrowser
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs

import anyio.to_thread
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.responses import StreamingResponse as Streaming
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from selftaught.cli.candidates import find_id
from selftaught.cli.live.answering import answer
from selftaught.cli.live.pages import Pages
from selftaught.cli.live.watched import Runs, Watched, WatchedExperiment
from selftaught.cli.options import find_experiment
from selftaught.cli.terminal import say
from selftaught.core.errors import SelfTaughtError, UsageError
from selftaught.report.page import live_policy, resource
from selftaught.runs.folder import STORE, find_run, list_runs
from selftaught.wiring.kept_settings import frozen_config

HOST = "127.0.0.1"
_MOST_PORTS = 50
_MOST_BODY_BYTES = 8 << 20
_POLL_SECONDS = 0.5
_ALIVE_SECONDS = 15.0
_STOP_SECONDS = 1
_EXPERIMENT_PAUSE_SECONDS = 5.0
"""All its runs are checked again."""
_LOAD = 4
"""A page stays unchanged for this many times the time that it takes to make it."""


def serve(name: str | None, runs: Path, port: int, *, browser: bool) -> None:
    """Until Ctrl-C. Prints the address first. Raises UsageError if there is no such run, or no free port."""
    found, start = _wanted(name, runs)
    listening = _listen(port)
    bound: int = listening.getsockname()[1]
    if port not in (0, bound):
        say(f"port {port} is in use; using {bound}")
    token = secrets.token_urlsafe(16)
    url = f"http://{HOST}:{bound}/{token}/{start}"
    print(url, flush=True)
    if browser and not _open(url):
        say("no browser could be opened: open the address above yourself")
    app = application(found, token, bound)
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=_STOP_SECONDS)
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listening])


def _wanted(name: str | None, runs: Path) -> tuple[Runs, str]:
    """What to show, and the first page."""
    if name is None:
        return Runs(runs), ""
    path = Path(name)
    if experiment := find_experiment(name):
        experiment = experiment.resolve()
        return Runs(experiment / "runs"), f"experiment/{experiment.name}"
    if path.is_dir() and not (path / STORE).exists():
        if not list_runs(path):
            raise UsageError(f"{name} has no run; wanted a run, or a folder of runs")
        return Runs(path), ""
    folder = find_run(name, runs)
    return Runs(folder.path.resolve().parent, folder.path.resolve().name), f"run/{folder.path.resolve().name}"


def _listen(port: int) -> socket.socket:
    """A socket at this port, or the next free one."""
    for number in range(port, min(port + _MOST_PORTS, 65536)) if port else (0,):
        listening = socket.socket()
        try:
            listening.bind((HOST, number))
            listening.listen()  # a browser that opens the address at once waits for the server
        except OSError:
            listening.close()
            continue
        return listening
    raise UsageError(f"no port from {port} on is free; choose another with --port")


def _open(url: str) -> bool:
    try:
        return webbrowser.open(url)
    except webbrowser.Error:
        return False


def application(runs: Runs, token: str, port: int) -> Starlette:
    """The pages below the token, and nothing anywhere else."""
    site = _Site(Pages(runs, f"/{token}"))
    routes = [
        Route("/", site.all_runs),
        Route("/events", site.all_events),
        Route("/compare", site.compare),
        Route("/run/{name}", site.run),
        Route("/run/{name}/events", site.events),
        Route("/run/{name}/text/{id}", site.text),
        Route("/run/{name}/answer", site.answer, methods=["POST"]),
        Route("/experiment/{name}", site.experiment),
        Route("/experiment/{name}/events", site.experiment_events),
    ]
    return Starlette(
        routes=[Mount(f"/{token}", routes=routes), Route("/favicon.ico", _no_picture)],
        middleware=[Middleware(OnlyMine, port=port)],
        exception_handlers={SelfTaughtError: _our_error, OSError: _our_error},
    )


class OnlyMine:
    """Refuses requests to other addresses than this machine's own, and requests from another site's page."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self.app = app
        self.hosts = {f"{HOST}:{port}", f"localhost:{port}"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or self._is_mine(Request(scope)):
            await self.app(scope, receive, send)
        else:
            await PlainTextResponse("this page is only for its own machine\n", 403)(scope, receive, send)

    def _is_mine(self, request: Request) -> bool:
        origin = request.headers.get("origin")
        origins = {f"http://{host}" for host in self.hosts}
        asked = request.headers.get("host") in self.hosts
        return asked and (origin in origins or (origin is None and request.method in ("GET", "HEAD")))


class _Site:
    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self._headers = {
            "Content-Security-Policy": f"{live_policy(resource('live.js'))}; frame-ancestors 'none'",
            "Cache-Control": "no-store",
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
        }

    def all_runs(self, request: Request) -> Response:
        return self._html(self.pages.all_runs())

    def run(self, request: Request) -> Response:
        return self._html(self.pages.run(self._named(request)))

    def text(self, request: Request) -> Response:
        watched = self._named(request)
        with watched.opened() as store:
            id = find_id(store, request.path_params["id"], watched.folder)
        return self._html(self.pages.text(watched, id))

    def compare(self, request: Request) -> Response:
        found = [self.pages.find(name) for name in dict.fromkeys(request.query_params.getlist("run"))]
        known = [one for one in found if one is not None]
        if len(known) < 2:
            raise UsageError("select two or more runs to compare them")
        return self._html(self.pages.compared(known))

    async def answer(self, request: Request) -> Response:
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > _MOST_BODY_BYTES:
                raise HTTPException(413, f"an answer has at most {_MOST_BODY_BYTES >> 20} MiB")
        told = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=10)
        await anyio.to_thread.run_sync(self._answer, request, {name: values[0] for name, values in told.items()})
        return RedirectResponse(f"{self.pages.base}/run/{request.path_params['name']}", 303)

    def _answer(self, request: Request, fields: dict[str, str]) -> None:
        watched = self._named(request)
        answer(watched.folder, frozen_config(watched.folder), fields)

    def experiment(self, request: Request) -> Response:
        return self._html(self.pages.experiment(self._experiment(request)))

    async def experiment_events(self, request: Request) -> Response:
        watched = await anyio.to_thread.run_sync(self._experiment, request)
        return self._stream(request, watched.state, lambda: _EXPERIMENT_PAUSE_SECONDS)

    async def events(self, request: Request) -> Response:
        watched = await anyio.to_thread.run_sync(self._named, request)
        return self._stream(request, watched.state, lambda: _LOAD * watched.page_seconds)

    async def all_events(self, request: Request) -> Response:
        return self._stream(request, self.pages.state, lambda: 0.0)

    def _stream(self, request: Request, state: Callable[[], str], pause: Callable[[], float]) -> Response:
        seen = request.headers.get("last-event-id") or request.query_params.get("seen", "")
        return Streaming(_changes(state, pause, seen), media_type="text/event-stream", headers=self._headers)

    def _named(self, request: Request) -> Watched:
        found = self.pages.find(request.path_params["name"])
        if found is None:
            raise HTTPException(404, "there is no such run here")
        return found

    def _experiment(self, request: Request) -> WatchedExperiment:
        found = next((one for one in self.pages.experiments() if one.folder.name == request.path_params["name"]), None)
        if found is None:
            raise HTTPException(404, "there is no such experiment here")
        return found

    def _html(self, text: str) -> Response:
        return HTMLResponse(text.encode("utf-8", "replace"), headers=self._headers)


async def _changes(state: Callable[[], str], pause: Callable[[], float], seen: str) -> AsyncIterator[str]:
    """An event whenever there is something new; the first at once, unless the reader has `seen` this state already.

    `pause`: the time without further messages after an event.
    """
    quiet = 0.0
    while True:
        try:
            now = await anyio.to_thread.run_sync(state)
        except OSError:
            yield "event: gone\ndata: \n\n"
            return
        if now != seen:
            yield f"id: {now}\nevent: changed\ndata: \n\n"
            seen, quiet = now, 0.0
            await asyncio.sleep(pause())
        elif quiet >= _ALIVE_SECONDS:
            yield ": still here\n\n"
            quiet = 0.0
        await asyncio.sleep(_POLL_SECONDS)
        quiet += _POLL_SECONDS


async def _no_picture(request: Request) -> Response:
    """Browsers ask for it by themselves."""
    return Response(status_code=204)


async def _our_error(request: Request, error: Exception) -> Response:
    return PlainTextResponse(f"{' '.join(str(error).split())}\n", 400)
