"""Messages that look for the worst: what becomes much of few bytes, or takes long to read. Shared by a test and a
benchmark (`benchmarks/amplification.py`).

A message is made of parts that a hostile guest would use: arrays of every dtype and of shapes with many dimensions,
long and deep lists, maps, texts with wide characters, numbers at the edges of their encodings.
"""

import random
import time
import tracemalloc
from dataclasses import dataclass
from typing import Any

import msgspec

from selftaught.guest import wire
from selftaught.sandbox import messages
from selftaught.sandbox.contract import Limits

MOST_BYTES = Limits().answer_bytes
EDGES = [0, 127, 128, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**63 - 1, 2**64 - 1, -1, -32, -33, -(2**63)]
TEXTS = ["", "a", "é", "一", "🚀", "a" * 31, "a" * 32, "ab" * 1000, "a" * 5000 + "🚀"]
SCALARS: list[Any] = [None, True, False, 0.5, -0.0, float("inf"), float("nan"), 5e-324, b"", b"x" * 300]


def array(chance: random.Random) -> msgspec.msgpack.Ext:
    """Of any dtype and shape whose bytes fit together, with many dimensions of 1 or 0."""
    dtype = chance.choice(sorted(wire.ITEM_BYTES))
    shape = [chance.choice([1, 1, 1, 2, 3]) for _ in range(chance.randrange(wire.MOST_DIMENSIONS + 1))]
    if shape:
        shape[chance.randrange(len(shape))] = chance.choice([0, 1, 10, 1000, 30_000, 200_000])
    count = 1
    for size in shape:
        count *= size
    if count * wire.ITEM_BYTES[dtype] > 1 << 20:
        shape, count = [1], 1
    body = msgspec.msgpack.encode([dtype, shape, bytes(count * wire.ITEM_BYTES[dtype])])
    return msgspec.msgpack.Ext(wire.ARRAY_EXTENSION, body)


def value(chance: random.Random, depth: int = 0) -> Any:
    """A scalar, an array, or a list or map of such; sometimes one of them very often, sometimes very deep."""
    kind = chance.random()
    if depth > 3 or kind < 0.3:
        return chance.choice([*SCALARS, *TEXTS, *EDGES])
    if kind < 0.5:
        return array(chance)
    if kind < 0.6:
        deep: Any = chance.choice(SCALARS)
        for _ in range(chance.choice([2, 10, 60, 70])):
            deep = [deep]
        return deep
    if kind < 0.8:
        few = [value(chance, depth + 1) for _ in range(chance.randrange(1, 4))]
        room = (MOST_BYTES >> 2 * depth) // len(msgspec.msgpack.encode(few))
        return few * min(chance.choice([1, 1, 3, 100, 3000, 100_000]), room)
    if kind < 0.9:
        return [chance.choice([[], {}, "", 1, 300, None, 0.5])] * chance.choice([10, 1000, 50_000, 99_000])
    return {str(number): chance.choice(EDGES) for number in range(chance.choice([1, 3, 200, 40_000 >> 3 * depth]))}


def body(chance: random.Random) -> bytes:
    """An answer or a request, no larger than a guest may send."""
    what = value(chance)
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


def cost(body: bytes) -> Cost:
    """Read it as the host does. The steps: the decoder, which keeps the interpreter to itself, is one of them."""
    grown = _memory(body)
    began = time.thread_time()
    taken = _read(body)
    walked = time.thread_time()
    held = 0.0
    if taken:
        wire.from_guest.decode(body)
        held = time.thread_time() - walked
    return Cost(len(body), grown, walked - began, held)


def _memory(body: bytes) -> int:
    import numpy  # noqa: F401 - with the first array, and no part of what that costs

    tracemalloc.start()
    try:
        _read(body)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _read(body: bytes) -> bool:
    try:
        messages.decoded(body)
    except (wire.WireError, msgspec.MsgspecError, UnicodeDecodeError):
        return False
    return True
