"""A model server in a process of its own that answers at once, each time with another program, and notes when it did.

OpenAI's wire format. Who asks it one question after the other is timed by it: from one question to the next.
"""

import json
import multiprocessing
import random
import re
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection


def program(number: int) -> str:
    """Of 5 to 60 lines, as they come from models; it computes nothing, and scores anything from 0 to 1."""
    rng = random.Random(number)
    lines = [f"    {_name(rng)} = ({_name(rng)!r}, {rng.random():.4f})" for _ in range(rng.randint(5, 60))]
    return "\n".join(["def algorithm(x):", *lines, f"    return {rng.random():.6f}\n"])


def _name(rng: random.Random) -> str:
    return "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(5, 12)))


def serve(ready: Connection, latency_seconds: float) -> None:
    """Answers for ever."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    ready.send(listener.getsockname()[1])
    asked: list[float] = []
    while True:
        client, _ = listener.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_converse, args=(client, latency_seconds, asked), daemon=True).start()


def _converse(client: socket.socket, latency_seconds: float, asked: list[float]) -> None:
    got = b""
    while piece := client.recv(65536):
        got += piece
        head, end, body = got.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head.lower())
        if end and len(body) >= (int(length[1]) if length else 0):
            got = b""
            client.sendall(_answer(head, latency_seconds, asked))


def _answer(head: bytes, latency_seconds: float, asked: list[float]) -> bytes:
    if head.startswith(b"GET"):
        times, asked[:] = list(asked), []
        body = json.dumps(times).encode()
    else:
        asked.append(time.monotonic())
        message = {"role": "assistant", "content": f"```python\n{program(len(asked))}```"}
        body = json.dumps({
            "id": "x", "object": "chat.completion", "created": 1, "model": "small",
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18},
        }).encode()  # fmt: skip
        time.sleep(latency_seconds)
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


@contextmanager
def serving(latency_seconds: float = 0.0) -> Iterator[str]:
    """The server's URL, while the block lasts."""
    ready, told = multiprocessing.get_context("spawn").Pipe(duplex=False)
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(told, latency_seconds), daemon=True)
    server.start()
    try:
        yield f"http://127.0.0.1:{ready.recv()}/v1"
    finally:
        server.terminate()


def times_asked(url: str) -> list[float]:
    """When it was asked since the last time, in seconds on a clock of its own."""
    with urllib.request.urlopen(f"{url}/times") as answer:
        times: list[float] = json.load(answer)
    return times
