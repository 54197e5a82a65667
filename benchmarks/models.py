"""What our part of a model call costs: run `python benchmarks/models.py`. Fails where it is more than it may be.

Calls at once to a server on this machine, which is a process of its own and answers without reading more than it must,
so that what is measured is the client; alternately with the bare SDK, called from as many threads:

- the model alone, `CALLS` calls, the server answering at once (at most `--most` times the SDK's seconds);
- `--product N`: the whole product, `selftaught improve` with an improver that asks N prompts in one batch, the server
  taking `--latency` seconds: the sandbox, the meter, the record on disk, the caps. The seconds are those on record for
  the application, with the start of its guest; the run itself has begun before. It is compared with the SDK warm (it is
  imported and has made a call, and opens the connections of the others) and cold (its import counts). The ratio to the
  warm one decides. Also printed are the most threads and the most memory of the process.

Bytecode is kept, as after `pip install`, whatever the environment says of it.
"""

import argparse
import multiprocessing
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from quick_task import TASK

from selftaught.core.contracts import Prompt
from selftaught.models.served.asking import AskOptions
from selftaught.models.served.endpoint import Endpoint
from selftaught.models.served.openai_chat import OpenAIChat
from selftaught.runs.records import Answered, Applied
from selftaught.runs.store import Store

CALLS = 300
MOST_MIB = 200
PROMPT = Prompt("You are an expert.", "Improve:\n" + "x = 1\n" * 300, 0.7)
_BODY = (
    b'{"id": "x", "object": "chat.completion", "created": 1, "model": "small", "choices": [{"index": 0, '
    b'"finish_reason": "stop", "message": {"role": "assistant", "content": "' + b"hello " * 200 + b'"}}], '
    b'"usage": {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}}'
)
_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(_BODY), _BODY)


IMPROVER = """def improve_algorithm(initial_solution, utility, language_model):
    language_model.batch_prompt("You are an expert.", [f"Improve {n}:\\n" + "x = 1\\n" * 300 for n in range(%d)])
    return initial_solution
"""


def serve(ready: Connection, latency_seconds: float) -> None:
    """Answers every request with the same bytes, for ever."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    ready.send(listener.getsockname()[1])
    while True:
        client, _ = listener.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_converse, args=(client, latency_seconds), daemon=True).start()


def _converse(client: socket.socket, latency_seconds: float) -> None:
    got = b""
    while piece := client.recv(65536):
        got += piece
        head, end, body = got.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head.lower())
        if end and len(body) >= (int(length[1]) if length else 0):
            got = b""
            time.sleep(latency_seconds)
            client.sendall(_ANSWER)


def bare(url: str, most: int, calls: int = CALLS) -> Callable[[], object]:
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
            return list(threads.map(call, range(calls)))

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


@dataclass(frozen=True)
class Product:
    """What a run of the whole product took."""

    seconds: float
    threads: int
    mib: float


def product(url: str, calls: int) -> Product:
    """One application in a process of its own."""
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "number.py").write_text(TASK)
        (Path(place) / "asks.py").write_text(IMPROVER % calls)
        command = [
            sys.executable, "-m", "selftaught", "improve", "number.py", "--improver", "asks.py", "--model",
            "openai/small", "--base-url", url, "--model-calls", "1", "--responses", str(calls), "--max-connections",
            str(calls), "--no-probes", "--out", "run",
        ]  # fmt: skip
        child = subprocess.Popen(
            command, cwd=place, env=compiled(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        threads, kib = 0, 0
        while child.poll() is None:
            with suppress(OSError):
                told = Path(f"/proc/{child.pid}/status").read_text()
                threads = max([threads, *map(int, re.findall(r"Threads:\s+(\d+)", told))])
                kib = max([kib, *map(int, re.findall(r"VmHWM:\s+(\d+)", told))])
            time.sleep(0.02)
        with Store.open(Path(place) / "run" / "run.sqlite", writable=False) as store:
            records = list(store)
    answered = sum(isinstance(record, Answered) for record in records)
    if answered != calls:
        raise SystemExit(f"{answered} of {calls} calls were answered")
    (applied,) = [record for record in records if isinstance(record, Applied)]
    return Product(applied.seconds, threads, kib / 1024)


def compiled() -> dict[str, str]:
    """The environment, in which modules are compiled once and not at each start."""
    kept = Path(tempfile.gettempdir()) / f"selftaught-bytecode-{os.getuid()}"
    without = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {"PYTHONPYCACHEPREFIX": str(kept), **without}


def bare_alone(url: str, calls: int) -> tuple[float, float]:
    """Seconds of the bare SDK in a process of its own, warm and cold: without its import and first call, and with."""
    command = [sys.executable, __file__, "--bare", url, "--product", str(calls)]
    told = subprocess.run(command, check=True, capture_output=True, text=True, env=compiled()).stdout
    getting_ready, warm = map(float, told.split())
    return warm, getting_ready + warm


def print_bare(url: str, calls: int) -> None:
    """Seconds until the SDK can be used, and those of the calls."""
    began = time.perf_counter()
    all_at_once = bare(url, calls, calls)
    ready = time.perf_counter()
    bare(url, 1, 1)()  # what the SDK does at its first call alone
    print(ready - began, seconds(all_at_once))


def compare_product(calls: int, latency_seconds: float, rounds: int, most: float) -> bool:
    """Whether it is as quick and as small as it is to be. Prints the figures."""
    with serving(latency_seconds) as url:
        bare_alone(url, 1), product(url, 1)  # compiled, and in the file system's cache
        pairs = [(bare_alone(url, calls), product(url, calls)) for _ in range(rounds)]
    threads, mib = max(ours.threads for _, ours in pairs), max(ours.mib for _, ours in pairs)
    what = f"{calls} calls at {latency_seconds:g} s"
    print(f"{what}, product: {statistics.median(ours.seconds for _, ours in pairs):.2f} s")
    ratios = []
    for place, name in enumerate(("warm", "cold")):
        ratios.append(statistics.median(ours.seconds / alone[place] for alone, ours in pairs))
        of_sdk = statistics.median(alone[place] for alone, _ in pairs)
        print(f"{what}, bare SDK, {name}: {of_sdk:.2f} s; median of {rounds} ratios: {ratios[-1]:.2f}")
    print(f"at most {most:g} times the warm one; {threads} threads, {mib:.0f} MiB at most")
    return ratios[0] <= most and mib < MOST_MIB


@contextmanager
def serving(latency_seconds: float) -> Iterator[str]:
    """The server's URL, while the block lasts."""
    ready, told = multiprocessing.get_context("spawn").Pipe(duplex=False)
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(told, latency_seconds), daemon=True)
    server.start()
    try:
        yield f"http://127.0.0.1:{ready.recv()}/v1"
    finally:
        server.terminate()


def compare_model(rounds: int, most: float) -> bool:
    """Whether the model alone is as quick as it is to be. Prints the figures."""
    with serving(0.0) as url:
        one, other = bare(url, CALLS), ours(url, CALLS)
        one(), other()  # imports, connections
        pairs = [(seconds(one), seconds(other)) for _ in range(rounds)]
    ratio = statistics.median(b / a for a, b in pairs)
    print(f"{CALLS} calls, bare SDK: {statistics.median(a for a, _ in pairs):.3f} s")
    print(f"{CALLS} calls, the model: {statistics.median(b for _, b in pairs):.3f} s")
    print(f"median of {rounds} ratios: {ratio:.2f} (at most {most:g})")
    return ratio <= most


def main() -> None:
    """Compare; exit code 1 where the ratio is too large."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--most", type=float, help="1.4; of the product 1.3, and 1.5 for more than 300 calls")
    parser.add_argument("--product", type=int, default=0, metavar="N")
    parser.add_argument("--bare", default="", help=argparse.SUPPRESS)
    parser.add_argument("--latency", type=float, default=1.0)
    arguments = parser.parse_args()
    if arguments.bare:
        print_bare(arguments.bare, arguments.product)
        return
    if arguments.product:
        most = arguments.most or (1.3 if arguments.product <= CALLS else 1.5)
        good = compare_product(arguments.product, arguments.latency, arguments.rounds, most)
    else:
        good = compare_model(arguments.rounds, arguments.most or 1.4)
    sys.exit(not good)


if __name__ == "__main__":
    main()
