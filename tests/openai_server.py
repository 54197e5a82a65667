"""A real HTTP server that speaks OpenAI's chat completions, answers from a function, counts, and fails on demand.

What it speaks is a `Wire`: other_servers.py has Anthropic's and Google's.

In a test:      with OpenAIServer(answer) as server: … server.base_url, server.requests
As a process:   python tests/openai_server.py --log FILE [--port P] [--seconds S] [--script FILE.json]
                (improves whatever it is asked to, or answers as the model `scripted` would)
"""

import argparse
import itertools
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

from selftaught.core.address import working_at
from selftaught.core.contracts import Prompt
from selftaught.models.scripted import Scripted

Answer = Callable[[dict[str, Any]], str | None]
"""The request's JSON → the text of the answer; None for a message without content."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request.

    `status`: answer so instead (`headers` with it). `body`: "cut" closes the connection in the middle, "reset" resets
    it, "trickle" sends a byte at a time, slowly, "bytes" quickly, "slow head" one line of the head after another,
    "truncated" is half a JSON, "no choices", "two choices". `raw`: this body instead. `changed`: these members of it
    instead. `more`: sent after it. `seconds`: wait first.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    seconds: float = 0.0
    message: str = "a fault of the test's"
    code: str | None = None
    raw: str | bytes | None = None
    changed: dict[str, Any] = field(default_factory=dict)
    more: bytes = b""


class Wire:
    """OpenAI's chat completions: how requests are read and answers are written."""

    prefix = "/v1"
    base_path = "/v1"

    def authorised(self, headers: Message, key: str) -> bool:
        return headers.get("authorization") == f"Bearer {key}"

    def listing(self, names: Sequence[str]) -> dict[str, Any]:
        return {"object": "list", "data": [{"id": name, "object": "model"} for name in names]}

    def model(self, path: str, request: dict[str, Any]) -> str:
        return str(request["model"])

    def wanted(self, request: dict[str, Any]) -> int:
        return int(request.get("n", 1))

    def error(self, status: int, message: str, code: str | None) -> dict[str, Any]:
        return {"error": {"message": message, "code": code}}

    def answer(self, request: dict[str, Any], model: str, text: str | None, copies: int) -> dict[str, Any]:
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        usage = {"prompt_tokens": len(str(request["messages"])) // 4, "completion_tokens": len(text or "") // 4}
        head = {"id": "x", "object": "chat.completion", "created": 1, "model": model}
        return {**head, "choices": [choice] * copies, "usage": usage}

    def streams(self, path: str, request: dict[str, Any]) -> bool:
        return bool(request.get("stream"))

    def events(self, body: dict[str, Any]) -> str:
        """The answer in pieces: server-sent events."""
        head = {name: value for name, value in body.items() if name not in ("choices", "usage")}
        pieces = [
            {"index": index, "delta": {"content": text}, "finish_reason": None}
            for index, choice in enumerate(body["choices"])
            for text in halves(choice["message"]["content"])
        ]
        ends = [{"index": n, "delta": {}, "finish_reason": "stop"} for n in range(len(body["choices"]))]
        data = [{**head, "choices": [one]} for one in (*pieces, *ends)]
        usage = {**head, "choices": [], "usage": body["usage"]}
        return "".join(f"data: {json.dumps(one)}\n\n" for one in (*data, usage)) + "data: [DONE]\n\n"


def halves(text: str | None) -> list[str]:
    """A text in two pieces."""
    text = text or ""
    return [text[: len(text) // 2], text[len(text) // 2 :]]


class OpenAIServer:
    """Serves on a free port of localhost while the `with` block lasts. `most`: 429 where more are in flight."""

    wire = Wire()

    def __init__(
        self,
        answer: Answer,
        *,
        faults: Iterator[Fault | None] | None = None,
        seconds: float = 0.0,
        key: str | None = None,
        log: Path | None = None,
        port: int = 0,
        models: Sequence[str] = ("small", "large"),
        most: int | None = None,
    ) -> None:
        self.models, self.most = models, most
        self.headers: list[Message] = []
        self.answer, self.faults, self.seconds, self.key, self.log = answer, faults or iter([]), seconds, key, log
        self.lock = threading.Lock()
        self.requests: list[dict[str, Any]] = []
        self.streamed: list[bool] = []
        self.answered = 0
        self.in_flight = self.most_in_flight = 0
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.owner = self
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}{self.wire.base_path}"

    def __enter__(self) -> "OpenAIServer":
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512
    owner: OpenAIServer

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hung up, or was killed: what the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes: each answer would wait 40 ms for an acknowledgement
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        return

    def do_GET(self) -> None:
        wire = self.server.owner.wire
        if not self.path.startswith(f"{wire.prefix}/models"):
            return self._send(404, {"detail": "Not Found"})
        return self._send(200, wire.listing(self.server.owner.models))

    def do_POST(self) -> None:
        owner = self.server.owner
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if not self.path.startswith(owner.wire.prefix):
            return self._send(404, {"detail": "Not Found"})
        with owner.lock:
            owner.requests.append(request)
            owner.streamed.append(owner.wire.streams(self.path, request))
            owner.headers.append(self.headers)
            owner.in_flight += 1
            owner.most_in_flight = max(owner.most_in_flight, owner.in_flight)
            busy = owner.most is not None and owner.in_flight > owner.most
            fault = next(owner.faults, None) or Fault(429 if busy else 200)
        try:
            time.sleep(0.0 if busy else owner.seconds + fault.seconds)
        finally:
            with owner.lock:  # before it is sent: whoever has an answer may ask again at once
                owner.in_flight -= 1
        return self._answer(owner, request, fault)

    def _answer(self, owner: OpenAIServer, request: dict[str, Any], fault: Fault) -> None:
        wire, model = owner.wire, owner.wire.model(self.path, request)
        if owner.key is not None and not wire.authorised(self.headers, owner.key):
            return self._send(401, wire.error(401, f"bad key {self.headers.get('authorization')}", None))
        if model == "unknown":
            return self._send(404, wire.error(404, "The model `unknown` does not exist", None))
        if fault.raw is not None:
            raw = fault.raw if isinstance(fault.raw, bytes) else fault.raw.encode()
            return self._write(fault.status, raw, fault.headers, "")
        if fault.status != 200:
            return self._send(fault.status, wire.error(fault.status, fault.message, fault.code), fault.headers)
        text = owner.answer(request)
        copies = {"no choices": 0, "one choice": 1, "two choices": 2}.get(fault.body, wire.wanted(request))
        body = wire.answer(request, model, text, copies)
        with owner.lock:
            owner.answered += 1
            if owner.log:
                with owner.log.open("a") as log:
                    log.write(json.dumps(request["messages"][-1]["content"]) + "\n")
        if wire.streams(self.path, request):
            data = wire.events({**body, **fault.changed}).encode()
            return self._write(200, data, {}, fault.body, kind="text/event-stream")
        self._send(200, {**body, **fault.changed}, cut=fault.body)
        self.wfile.write(fault.more)
        return None

    def _send(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None, cut: str = "") -> None:
        self._write(status, json.dumps(body).encode(), headers or {}, cut)

    def _write(
        self, status: int, data: bytes, headers: dict[str, str], cut: str, kind: str = "application/json"
    ) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        if cut == "truncated":
            data = data[: len(data) // 2]
        self.send_header("content-length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        if cut == "slow head":
            for number in range(100):
                self.send_header(f"x-{number}", "y")
                self.flush_headers()
                time.sleep(0.02)
        self.end_headers()
        if cut in ("cut", "reset"):
            self.wfile.write(data[: len(data) // 2])
            self.wfile.flush()
            if cut == "reset":  # closed without lingering, a connection is reset
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        if cut in ("trickle", "bytes"):
            for place in range(len(data)):
                self.wfile.write(data[place : place + 1])
                time.sleep(0.02 if cut == "trickle" else 0.0001)
            return
        self.wfile.write(data)


_numbers = itertools.count()


def improve_anything(request: dict[str, Any]) -> str:
    """The program of the prompt, with a comment that makes it a new one each time."""
    prompt = request["messages"][-1]["content"]
    start = prompt.index("```python\n") + len("```python\n")
    program = prompt[start : prompt.rindex("\n```\n\nIt is scored")]
    return f"An idea.\n\n```python\n{program}\n# version {next(_numbers)}\n```\n"


def answers_of(script: Path) -> Answer:
    """As the model `scripted` answers; equal requests are told apart by their number."""
    model = Scripted(script.read_text())

    def answer(request: dict[str, Any]) -> str:
        system, user = (message["content"] for message in request["messages"])
        with working_at(f"/request#{next(_numbers)}"):
            return model([Prompt(system, user, request["temperature"])])[0].text

    return answer


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--script", type=Path)
    given = parser.parse_args()
    chosen = answers_of(given.script) if given.script else improve_anything
    with OpenAIServer(chosen, seconds=given.seconds, log=given.log, port=given.port) as server:
        print(server.base_url, flush=True)
        threading.Event().wait()
