"""Malformed frames, by the million, written into the host's end of a guest's channel.

    python tests/guest/fuzz_wire.py --frames 1000000 --seed 1

Each is a valid frame that was mutated, and is read by the same code that reads a guest. Whatever comes of it must be a
message of plain data, or the end of that guest with a verdict: anything else is a crash. Prints the figures.
"""

import argparse
import dataclasses
import random
import re
import resource
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from selftaught.guest import wire
from selftaught.sandbox.contract import Limits
from selftaught.sandbox.conversation import Ended, Guest, Question
from selftaught.sandbox.tiers.unsafe import unsafe_tier
from selftaught.sandbox.worker import Handle, Profile, Worker

IMPATIENT = Limits(cpu_seconds=60.0, wall_seconds=0.0, answer_bytes=1 << 20)
"""A frame that is not whole is given up at once."""
PATIENT = Limits(cpu_seconds=60.0, wall_seconds=10.0)
UNASKED = Question(b"", 0)
"""A question of no bytes: what is read is the answer, whatever was asked."""
_MOST_BYTES = 4 << 30  # of address space: a message that fills the memory is to fail, not the machine

VALUES: list[Any] = [
    None, True, 0, -1, 2**63 - 1, -(2**63), 2**64 - 1, 0.5, float("nan"), "", "text ü", b"", b"bytes", [],
    [1, [2, [3]]], {}, {"a": 1, "b": {"c": [None]}}, list(range(40)), "x" * 300, b"y" * 70_000, [[]] * 20,
    np.arange(6), np.zeros((2, 3)), np.zeros((0, 3)), np.array([True]), np.ones((2, 1, 2), "f4"),
    np.arange(3, dtype="u1"),
]  # fmt: skip
MESSAGES: list[wire.Message] = [
    *map(wire.Returned, VALUES),
    wire.Loaded(),
    wire.Raised("ValueError", "text"),
    wire.Ask(7, "utility", ["program"]),
    wire.Ask(8, "prompt", ["expertise", "message", 3, 0.7]),
    wire.Call([1, np.arange(3)]),
    wire.Reply(1, [0.5]),
]


class HostsEnd:
    """Reads frames as from a guest, each as if from a new one."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._handle: Handle = worker.take(Profile("solution", 256 << 20, 1 << 10))

    def read(self, data: bytes, limits: Limits = IMPATIENT) -> wire.FromGuest | Ended:
        """What the host makes of these bytes: a message, or the end of the guest. Anything else is raised."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.setblocking(False)
            theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
            theirs.sendall(data)
            guest = Guest(self._worker, dataclasses.replace(self._handle, channel=ours), limits)
            asked: list[wire.Ask] = []
            try:
                message, _ = guest.exchange(UNASKED, limits.cpu_seconds, ask=lambda request, _: asked.append(request))
            except Ended as ended:
                return asked[0] if asked else ended
            return asked[0] if asked else message


@contextmanager
def hosts_end() -> Iterator[HostsEnd]:
    """Isolation plays no part: what is tested is on this side."""
    worker = Worker(unsafe_tier())
    try:
        yield HostsEnd(worker)
    finally:
        worker.close()


# mutations

Mutation = Callable[[random.Random, bytearray], None]
_HEADS = bytes(
    [0x80, 0x90, 0xA0, 0xC0, 0xC1, 0xC4, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCF, 0xD3, 0xD4, 0xD7, 0xD9, 0xDB, 0xDD, 0xDF]
)


def _flip(chance: random.Random, body: bytearray) -> None:
    body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)


def _replace(chance: random.Random, body: bytearray) -> None:
    body[chance.randrange(len(body))] = chance.choice(_HEADS)


def _insert(chance: random.Random, body: bytearray) -> None:
    at = chance.randrange(len(body) + 1)
    body[at:at] = chance.randbytes(chance.choice((1, 1, 2, 4, 8)))


def _cut(chance: random.Random, body: bytearray) -> None:
    at = chance.randrange(len(body))
    del body[at : at + chance.choice((1, 2, 5, len(body)))]


def _double(chance: random.Random, body: bytearray) -> None:
    start = chance.randrange(len(body))
    body[start:start] = body[start : start + chance.randrange(1, 30)] * chance.choice((1, 1, 2, 50))


def _enlarge(chance: random.Random, body: bytearray) -> None:
    at = chance.randrange(len(body))
    body[at : at + 5] = bytes([chance.choice((0xC6, 0xC9, 0xDB, 0xDD, 0xDF))]) + struct.pack(
        ">I", chance.getrandbits(32)
    )


def _splice(chance: random.Random, body: bytearray) -> None:
    other = wire.encode(chance.choice(MESSAGES))
    body[chance.randrange(len(body)) :] = other[chance.randrange(len(other)) :]


_MUTATIONS: tuple[Mutation, ...] = (_flip, _replace, _insert, _cut, _double, _enlarge, _splice)


def frames(seed: int) -> Iterator[bytes]:
    """Mutated frames, without end; equal seeds, equal frames. One in fifty has a header that lies."""
    chance = random.Random(seed)
    bodies = [wire.encode(message) for message in MESSAGES]
    while True:
        body = bytearray(chance.choice(bodies))
        for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
            if body:
                chance.choice(_MUTATIONS)(chance, body)
        size = len(body) if chance.random() > 0.02 else chance.getrandbits(chance.choice((8, 16, 32)))
        yield wire.HEADER.pack(size) + body[:100_000]


def is_plain(value: Any) -> bool:
    """Whether it is data through and through: what a contract's `Value` may be on its way out."""
    if type(value) is list:
        return all(map(is_plain, value))
    if type(value) is dict:
        return all(map(is_plain, value)) and all(map(is_plain, value.values()))
    return value is None or type(value) in (bool, int, float, str, bytes)


def fields(message: wire.FromGuest) -> list[Any]:
    """All that a message holds."""
    return list(msgspec.structs.astuple(message))


def fuzz(count: int, seed: int) -> tuple[Counter[str], list[str], float, float]:
    """What became of `count` frames, the crashes, the growth of this process in MB, the slowest frame in s."""
    became: Counter[str] = Counter()
    crashes: list[str] = []
    slowest = 0.0
    with hosts_end() as end:
        for number, frame in zip(range(count), frames(seed), strict=False):
            if number == min(10_000, count // 2):  # all is warm
                before = _resident_megabytes()
            began = time.perf_counter()
            try:
                seen = end.read(frame)
            except BaseException as error:
                crashes.append(f"{type(error).__name__}: {error} on {frame[:200].hex()}")
                became["crash"] += 1
                continue
            slowest = max(slowest, time.perf_counter() - began)
            if isinstance(seen, Ended):
                became[str(seen.verdict)] += 1
            else:
                became["a message" if is_plain(fields(seen)) else "a message with what is not plain data"] += 1
        return became, crashes, _resident_megabytes() - before, slowest


def _resident_megabytes() -> float:
    match = re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(match.group(1)) / 1024 if match else 0.0


def main() -> None:
    """Run it, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
    began = time.monotonic()
    became, crashes, grown, slowest = fuzz(wanted.frames, wanted.seed)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{wanted.frames} frames of seed {wanted.seed} in {time.monotonic() - began:.0f} s: {len(crashes)} crashes")
    print(f"memory: grown by {grown:.1f} MB, at most {peak:.0f} MB; the slowest frame took {slowest * 1000:.0f} ms")
    for what, count in became.most_common():
        print(f"  {count:>9}  {what}")
    for crash in crashes[:5]:
        print(f"  {crash}")
    raise SystemExit(bool(crashes))


if __name__ == "__main__":
    main()
