"""What travels between the driver and a node: msgpack, checked on the way in, at both ends.

A call and what it returns are bytes in a packet: as sandbox/packing.py makes them.
"""

import platform
from importlib import metadata
from typing import Any

import msgspec

from selftaught.core.contracts import Score
from selftaught.sandbox.packing import Packed
from selftaught.wiring.version import code


class Packet(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag_field="packet"):
    """Base of all packets."""


class Facts(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a program's outcome depends on, beside its text."""

    python: str
    numpy: str
    code: str
    machine: str

    @classmethod
    def here(cls) -> "Facts":
        """Those of this process."""
        return cls(platform.python_version(), metadata.version("numpy"), code(), platform.machine())

    def unlike(self, wanted: "Facts") -> list[str]:
        """In words, where they differ from those that are wanted."""
        pairs = [
            ("Python", self.python, wanted.python),
            ("numpy", self.numpy, wanted.numpy),
            ("code of selftaught", self.code, wanted.code),
            ("machine", self.machine, wanted.machine),
        ]
        return [f"its {what} is {own}, and here it is {other}" for what, own, other in pairs if own != other]


# driver → node


class Hello(Packet, frozen=True, tag="hello"):
    """Open a sandbox of this very tier, if you are like us."""

    tier: str
    workers: int
    facts: Facts


class Files(Packet, frozen=True, tag="files"):
    """What guests may read, once for all the runs that name it."""

    key: str
    packages: list[str]
    versions: list[tuple[str, str]]  # of what is installed of them: name, version
    files: list[tuple[str, bytes]]


class Begin(Packet, frozen=True, tag="begin"):
    """Load a program and call it. The first `skipped` outcomes are known already, and are not sent.

    `waits`: more calls come one by one, in packets `More`; else these are all. `kept`: the name of the calls; they are
    kept under it. Without any calls: those that were kept.
    """

    run: int
    source: str
    entry: str
    seed: int
    limits: dict[str, float]
    provided: str
    calls: list[bytes]
    skipped: int
    waits: bool
    kept: str = ""


class Play(Packet, frozen=True, tag="play"):
    """Score a program by a task that calls it itself. `scene`: a `Scene` without what is provided."""

    scene: dict[str, Any]
    provided: str


class More(Packet, frozen=True, tag="more"):
    """The next outcomes of a run; `call`: of this call, where the run waits for calls."""

    run: int
    call: bytes | None


# node → driver


class Ready(Packet, frozen=True, tag="ready"):
    """The sandbox is open."""

    layers: list[str]
    host: str
    pid: int


class Refused(Packet, frozen=True, tag="refused"):
    """Nothing is run on this node: why."""

    why: str


class Batch(Packet, frozen=True, tag="batch"):
    """The outcomes that there are so far, in order. `over`: there will be no others."""

    outcomes: list[Packed]
    over: bool


class Played(Packet, frozen=True, tag="played"):
    """The score; None where the task's text does not load there."""

    score: Score | None


class Forgotten(Packet, frozen=True, tag="forgotten"):
    """The calls of that name are kept no more: they are needed once again."""

    kept: str


class Failed(Packet, frozen=True, tag="failed"):
    """The node failed, not the program. `kind`: the name of an error in core/errors.py."""

    kind: str
    text: str


FromNode = Ready | Refused | Batch | Played | Forgotten | Failed

_encoder = msgspec.msgpack.Encoder()
_from_node: msgspec.msgpack.Decoder[FromNode] = msgspec.msgpack.Decoder(FromNode)


def pack(packet: Packet) -> bytes:
    """As sent. Raises ValueError for invalid text, which a guest may send: lone surrogates."""
    return _encoder.encode(packet)


def from_node(body: bytes) -> FromNode:
    """Raises msgspec.MsgspecError."""
    return _from_node.decode(body)
