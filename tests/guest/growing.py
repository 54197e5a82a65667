"""Messages that look for the worst: what becomes much of few bytes, or takes long to read. Shared by a test and a
benchmark (`benchmarks/amplification.py`).

A message is made of parts that a hostile guest would use: arrays of every dtype and of shapes with many dimensions,
long and deep lists, maps, texts with wide characters, numbers at the edges of their encodings.
"""

import gc
import random
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

import msgspec

from selftaught.guest import wire
from selftaught.sandbox import messages
from selftaught.sandbox.contract import Limits

MOST_BYTES = Limits().answer_bytes
EDGES = [0, 127, 128, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**63 - 1, 2**64 - 1, -1, -32, -33, -(2**63)]
TEXTS = ["", "a", "é", "一", "🚀", "a" * 31, "a" * 32, "ab" * 1000, "a" * 5000 + "🚀"]
SCALARS: list[Any] = [None, True, False, 0.5, -0.0, float("inf"), float("nan"), 5e-324, b"", b"x" * 300]


def array(chance: random.Random, most_bytes: int) -> msgspec.msgpack.Ext:
    """Of any dtype and shape whose bytes fit together, with many dimensions of 1 or 0."""
    dtype = chance.choice(sorted(wire.ITEM_BYTES))
    shape = [chance.choice([1, 1, 1, 2, 3]) for _ in range(chance.randrange(wire.MOST_DIMENSIONS + 1))]
    if shape:
        shape[chance.randrange(len(shape))] = chance.choice([0, 1, 10, 1000, 30_000, 200_000])
    count = 1
    for size in shape:
        count *= size
    if count * wire.ITEM_BYTES[dtype] > most_bytes:
        shape, count = [1], 1
    body = msgspec.msgpack.encode([dtype, shape, bytes(count * wire.ITEM_BYTES[dtype])])
    return msgspec.msgpack.Ext(wire.ARRAY_EXTENSION, body)


def value(chance: random.Random, most_bytes: int, depth: int = 0) -> Any:
    """A scalar, an array, or a list or map of such; sometimes one of them very often, sometimes very deep."""
    most = most_bytes >> 2 * depth
    kind = chance.random()
    if depth > 3 or kind < 0.3:
        return chance.choice([*SCALARS, *TEXTS, *EDGES])
    if kind < 0.5:
        return array(chance, most)
    if kind < 0.6:
        deep: Any = chance.choice(SCALARS)
        for _ in range(chance.choice([2, 10, 60, 70])):
            deep = [deep]
        return deep
    if kind < 0.8:
        few = [value(chance, most_bytes, depth + 1) for _ in range(chance.randrange(1, 4))]
        room = most // len(msgspec.msgpack.encode(few))
        return few * min(chance.choice([1, 1, 3, 100, 3000, 100_000]), room)
    if kind < 0.9:
        return [chance.choice([[], {}, "", 1, 300, None, 0.5])] * min(chance.choice([10, 1000, 50_000, 99_000]), most)
    keys = min(chance.choice([1, 3, 200, 40_000 >> 3 * depth]), most >> 3)
    return {str(number): chance.choice(EDGES) for number in range(keys)}


def body(chance: random.Random, most_bytes: int = MOST_BYTES) -> bytes:
    """An answer or a request of about so many bytes at most, no larger than a guest may send."""
    what = value(chance, most_bytes)
    message = ["returned", what] if chance.random() < 0.5 else ["ask", 1, "utility", [what]]
    encoded = msgspec.msgpack.encode(message)
    return encoded if len(encoded) <= MOST_BYTES else msgspec.msgpack.encode(["returned", 1])


@dataclass(frozen=True, slots=True)
class Cost:
    """What a message took: bytes of it and of what it became, at most; CPU seconds in all, and of its longest step."""

    size: int
    grown: int
    cpu_seconds: float
    held_seconds: float

    @property
    def ratio(self) -> float:
        return self.grown / max(self.size, 1024)


Read = Callable[[bytes], object]
"""Reads a message as the host does, or refuses it; raises nothing."""


def read(body: bytes) -> None:
    """A guest's message."""
    try:
        messages.decoded(body)
    except (wire.WireError, msgspec.MsgspecError, UnicodeDecodeError):
        return


def cost(body: bytes, read: Read = read) -> Cost:
    """What reading it takes."""
    grown = _memory(body, read)
    with without_collector():  # twice: what else the machine does only adds to either
        taken = min(_seconds(body, read) for _ in range(2))
        return Cost(len(body), grown, taken, min(_longest_step(body, read) for _ in range(2)))


def _seconds(body: bytes, read: Read) -> float:
    began = time.thread_time()
    read(body)
    return time.thread_time() - began


@contextmanager
def without_collector() -> Iterator[None]:
    """CPU time that is measured here counts nothing else that this process holds."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _memory(body: bytes, read: Read) -> int:
    import numpy  # noqa: F401 - with the first array, and no part of what that costs

    tracemalloc.start()
    try:
        read(body)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _longest_step(body: bytes, read: Read) -> float:
    """CPU seconds of the longest call into compiled code: it keeps the interpreter to itself."""
    longest = began = 0.0

    def step(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal longest, began
        if event == "c_call":
            began = time.thread_time()
        elif event in ("c_return", "c_exception"):
            longest = max(longest, time.thread_time() - began)

    sys.setprofile(step)
    try:
        read(body)
    finally:
        sys.setprofile(None)
    return longest
