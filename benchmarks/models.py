"""What our part of a model call costs: run `python benchmarks/models.py`. Fails where it is more than the issue allows.

300 calls at once to an instant server on this machine, through the bare SDK and through the model, alternately, in one
run. The server is a process of its own, and answers without reading more than it must, so that what is measured is the
client. Printed are the medians and the median of the ratios; `--most` is the largest ratio that is no failure.
"""

import argparse
import multiprocessing
import re
import socket
import statistics
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import Any

from selftaught.core.contracts import Prompt
from selftaught.models.served.asking import AskOptions
from selftaught.models.served.endpoint import Endpoint
from selftaught.models.served.openai_chat import OpenAIChat

CALLS = 300
PROMPT = Prompt("You are an expert.", "Improve:\n" + "x = 1\n" * 300, 0.7)
_BODY = (
    b'{"id": "x", "object": "chat.completion", "created": 1, "model": "small", "choices": [{"index": 0, '
    b'"finish_reason": "stop", "message": {"role": "assistant", "content": "' + b"hello " * 200 + b'"}}], '
    b'"usage": {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}}'
)
_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(_BODY), _BODY)


def serve(ready: Connection) -> None:
    """Answers every request with the same bytes, for ever."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    ready.send(listener.getsockname()[1])
    while True:
        client, _ = listener.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_converse, args=(client,), daemon=True).start()


def _converse(client: socket.socket) -> None:
    got = b""
    while piece := client.recv(65536):
        got += piece
        head, end, body = got.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head.lower())
        if end and len(body) >= (int(length[1]) if length else 0):
            got = b""
            client.sendall(_ANSWER)


def bare(url: str, most: int) -> Callable[[], object]:
    """The SDK as it comes, its retries off, called from as many threads."""
    import openai

    client = openai.OpenAI(
        api_key="none",
        base_url=url,
        max_retries=0,
        http_client=openai.DefaultHttpxClient(limits=_limits(openai, most)),
    )

    def call(_: int) -> object:
        return client.chat.completions.create(
            model="small",
            temperature=PROMPT.temperature,
            messages=[{"role": "system", "content": PROMPT.system}, {"role": "user", "content": PROMPT.user}],
        )

    def all_at_once() -> object:
        with ThreadPoolExecutor(most) as threads:
            return list(threads.map(call, range(CALLS)))

    return all_at_once


def _limits(sdk: Any, most: int) -> Any:
    from selftaught.models.served.http import library_of

    return library_of(sdk.DefaultHttpxClient).Limits(max_connections=most, max_keepalive_connections=most)


def ours(url: str, most: int) -> Callable[[], object]:
    """The model, as a run has it."""
    model = OpenAIChat("small", Endpoint(url), AskOptions(max_connections=most))
    return lambda: model([PROMPT] * CALLS)


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    """Compare; exit code 1 where the ratio is too large."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--most", type=float, default=1.4)
    arguments = parser.parse_args()
    ready, told = multiprocessing.get_context("spawn").Pipe(duplex=False)
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(told,), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{ready.recv()}/v1"
    one, other = bare(url, CALLS), ours(url, CALLS)
    one(), other()  # imports, connections
    pairs = [(seconds(one), seconds(other)) for _ in range(arguments.rounds)]
    server.terminate()
    ratio = statistics.median(b / a for a, b in pairs)
    print(f"{CALLS} calls, bare SDK: {statistics.median(a for a, _ in pairs):.3f} s")
    print(f"{CALLS} calls, the model: {statistics.median(b for _, b in pairs):.3f} s")
    print(f"median of {arguments.rounds} ratios: {ratio:.2f} (at most {arguments.most:g})")
    sys.exit(ratio > arguments.most)


if __name__ == "__main__":
    main()
