"""What travels between the driver and a node: msgpack, checked on the way in, at both ends.

A call and what it returns are bytes in a packet: the very messages that cross a sandbox's wall (guest/wire.py).
"""

import platform
from collections.abc import Sequence
from importlib import metadata

import msgspec

from selftaught.core.contracts import Verdict
from selftaught.core.errors import TaskError
from selftaught.guest import wire
from selftaught.sandbox.contract import Limits, Outcome, Provided, Value
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

    `waits`: more calls come one by one, in packets `More`; else these are all.
    """

    run: int
    source: str
    entry: str
    seed: int
    limits: list[float]
    provided: str
    calls: list[bytes]
    skipped: int
    waits: bool


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


class Answered(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One outcome. `value` is a message of its own."""

    verdict: str
    value: bytes
    note: str
    cpu_seconds: float


class Batch(Packet, frozen=True, tag="batch"):
    """The outcomes that there are so far, in order. `over`: there will be no others."""

    outcomes: list[Answered]
    over: bool


class Failed(Packet, frozen=True, tag="failed"):
    """The node failed, not the program. `kind`: the name of an error in core/errors.py."""

    kind: str
    text: str


FromNode = Ready | Refused | Batch | Failed

_encoder = msgspec.msgpack.Encoder()
_from_node: msgspec.msgpack.Decoder[FromNode] = msgspec.msgpack.Decoder(FromNode)


def pack(packet: Packet) -> bytes:
    """As sent. Raises WireError for text that is none."""
    try:
        return _encoder.encode(packet)
    except UnicodeEncodeError as error:
        raise wire.WireError(str(error)) from None


def from_node(body: bytes) -> FromNode:
    """Raises msgspec.MsgspecError."""
    return _from_node.decode(body)


def pack_call(arguments: Sequence[Value]) -> bytes:
    """The arguments of one call. Raises TaskError where they are no data."""
    try:
        return wire.encode(wire.Call(list(arguments)))
    except wire.WireError as error:
        raise TaskError(f"an instance cannot be sent to a program: {error}; use plain data and numpy arrays") from error


def unpack_call(body: bytes) -> list[Value]:
    """The same again; arrays may be written to."""
    message = wire.to_guest.decode(body)
    if not isinstance(message, wire.Call):
        raise wire.WireError("wanted a call")
    return message.arguments


def pack_outcome(outcome: Outcome) -> Answered:
    """Its value was data when it came from the guest."""
    value = wire.encode(wire.Returned(outcome.value))
    return Answered(str(outcome.verdict), value, outcome.note, outcome.cpu_seconds)


def unpack_outcome(answered: Answered) -> Outcome:
    """The same again. Raises msgspec.MsgspecError, WireError, ValueError."""
    message = wire.from_guest.decode(answered.value)
    if not isinstance(message, wire.Returned):
        raise wire.WireError("wanted a value")
    return Outcome(Verdict(answered.verdict), message.value, answered.note, answered.cpu_seconds)


_LIMITS = ("cpu_seconds", "load_cpu_seconds", "wall_seconds", "memory_bytes", "answer_bytes", "fresh_guest_per_call")


def pack_limits(limits: Limits) -> list[float]:
    """All but what may be read, which is sent once."""
    return [float(getattr(limits, name)) for name in _LIMITS]


def unpack_limits(numbers: Sequence[float], provided: Provided) -> Limits:
    """The same again."""
    cpu, load, wall, memory, answer, fresh = numbers
    return Limits(
        cpu_seconds=cpu,
        load_cpu_seconds=load,
        wall_seconds=wall,
        memory_bytes=int(memory),
        answer_bytes=int(answer),
        fresh_guest_per_call=bool(fresh),
        provided=provided,
    )
