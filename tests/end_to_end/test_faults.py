"""A run of several hundred calls against a server that fails one call in five, and is killed: what the ledger says."""

import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cli.support import in_process
from conftest import times
from nearness import TASK
from openai_server import Fault, OpenAIServer, improve_anything
from selftaught.runs.records import Answered, Tried
from selftaught.runs.store import Store

KINDS = [
    Fault(429, headers={"retry-after": "0.1"}),
    Fault(429),
    Fault(500),
    Fault(502),
    Fault(body="cut"),
    Fault(body="truncated"),
    Fault(body="no choices"),
]
LOST = ("cut", "truncated", "no choices")
"""Bodies of which the server says that it answered, and the client cannot read the answer."""


class Counting:
    """Faults at random, one in five; and what the server's own books say of the answers that were whole."""

    def __init__(self, seed: int) -> None:
        self._chance, self._lock = random.Random(seed), threading.Lock()
        self.tokens = self.whole = self.lost = 0
        self._lose = threading.local()

    def faults(self) -> Iterator[Fault | None]:
        """The server takes one for each request, in its own thread, before it answers."""
        while True:
            fault = self._chance.choice(KINDS) if self._chance.random() < 0.2 else None
            self._lose.next = fault is not None and fault.body in LOST
            yield fault

    def answer(self, request: dict[str, Any]) -> str:
        """Counts as the server does in `usage`."""
        text = improve_anything(request)
        with self._lock:
            if self._lose.next:
                self.lost += 1
            else:
                self.whole += 1
                self.tokens += len(str(request["messages"])) // 4 + len(text) // 4
        return text


def books(folder: Path) -> tuple[list[Answered], list[Tried]]:
    store = Store.open(folder / "run.sqlite", writable=False)
    told = list(store)
    store.close()
    return [r for r in told if isinstance(r, Answered)], [r for r in told if isinstance(r, Tried)]


RUN = [
    "run", "nearness.py", "--preset", "official", "--depth", "1", "--seed", "1", "--max-connections", "16",
    "--model", "openai/small", "--price", "1,2", "--max-cost", "1000",
]  # fmt: skip


def test_one_call_in_five_fails_and_the_ledger_agrees_with_the_server_to_the_token(tmp_path: Path) -> None:
    (tmp_path / "nearness.py").write_text(TASK)
    counting = Counting(1)
    with OpenAIServer(counting.answer, faults=counting.faults()) as server:
        done = in_process(*RUN, "--base-url", server.base_url, "--out", "run", "--json", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        requests = len(server.requests)
    answered, tried = books(tmp_path / "run")
    assert len(answered) == counting.whole == 246
    assert sum((r.input_tokens or 0) + (r.output_tokens or 0) for r in answered) == counting.tokens
    assert len(answered) + len(tried) == requests  # every attempt is on record, and none twice
    assert len(tried) > 30
    assert sum(r.cost > 0 for r in tried) == counting.lost  # what may have been billed counts, at its most
    ledger = json.loads(done.stdout)["ledger"]
    assert sum(entry["failed"] for entry in ledger) == len(tried)
    cost = sum(r.cost or 0.0 for r in answered) + sum(r.cost for r in tried)
    assert abs(sum(entry["cost"] for entry in ledger) - cost) < 1e-9


def test_the_same_with_kills_in_between(tmp_path: Path) -> None:
    (tmp_path / "nearness.py").write_text(TASK)
    counting, chance, kills, store = Counting(2), random.Random(3), 0, tmp_path / "run" / "run.sqlite"
    with OpenAIServer(counting.answer, faults=counting.faults(), seconds=0.05) as server:
        arguments = [*RUN, "--base-url", server.base_url, "--out", "run"]
        while kills < times(2, 4):
            whole = [sys.executable, "-m", "selftaught", *arguments]
            with subprocess.Popen(whole, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
                while not store.exists() and child.poll() is None:  # killed before, it would be no run yet
                    time.sleep(0.05)
                try:
                    child.wait(1.5 + chance.random())
                    break
                except subprocess.TimeoutExpired:
                    child.send_signal(signal.SIGKILL)
            kills += 1
            arguments = ["resume", "run"]
        done = in_process("resume", "run", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    answered, _ = books(tmp_path / "run")
    assert len(answered) == len({record.at for record in answered}) == 246
    on_record = sum((record.input_tokens or 0) + (record.output_tokens or 0) for record in answered)
    # Only what was in the air at a kill can have been bought and not be on record.
    assert 0 <= counting.whole - len(answered) <= kills * 16
    assert on_record <= counting.tokens
