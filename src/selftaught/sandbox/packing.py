"""Calls, outcomes and limits as bytes, for an executor that has programs run elsewhere.

They are the very messages that cross a sandbox's wall (guest/wire.py): data only, checked as they are decoded.
"""

from collections.abc import Sequence
from dataclasses import fields
from hashlib import sha256
from typing import Any

import msgspec

from selftaught.core.contracts import Verdict
from selftaught.core.errors import TaskError
from selftaught.guest import wire
from selftaught.sandbox.contract import Lasting, Limits, Outcome, Provided, Value

_MOST_KEPT = 64 << 10
"""Bytes of a call that are kept: a larger one takes the program longer than it takes to encode it."""


class Packed(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One outcome. `value` is a message of its own."""

    verdict: str
    value: bytes
    note: str
    cpu_seconds: float


def pack_call(arguments: Sequence[Value]) -> bytes:
    """The arguments of one call. Raises TaskError where they are no data."""
    if isinstance(arguments, Lasting) and arguments.body:
        return arguments.body
    try:
        body = wire.encode(wire.Call(list(arguments)))
    except wire.WireError as error:
        raise TaskError(f"an instance cannot be sent to a program: {error}; use plain data and numpy arrays") from error
    if isinstance(arguments, Lasting) and len(body) <= _MOST_KEPT:
        arguments.body = body
    return body


def unpack_call(body: bytes) -> Lasting:
    """The same again; arrays may be written to. Raises ValueError."""
    message = wire.to_guest.decode(body)
    if not isinstance(message, wire.Call) or message.nonce:
        raise wire.WireError("wanted a call")
    arguments = Lasting(message.arguments)
    arguments.body = body
    return arguments


def name_of(calls: Sequence[Sequence[Value]], bodies: Sequence[bytes]) -> str:
    """A name for these calls by their content: SHA-256 of those of each call, which is kept where the call is."""
    return sha256(b"".join(map(_digest, calls, bodies))).hexdigest()


def _digest(arguments: Sequence[Value], body: bytes) -> bytes:
    if isinstance(arguments, Lasting) and arguments.digest:
        return arguments.digest
    digest = sha256(body).digest()
    if isinstance(arguments, Lasting):
        arguments.digest = digest
    return digest


def pack_outcome(outcome: Outcome) -> Packed:
    """Its value was data when it came from the guest."""
    value = wire.encode(wire.Returned(outcome.value))
    return Packed(str(outcome.verdict), value, outcome.note, outcome.cpu_seconds)


def unpack_outcome(packed: Packed) -> Outcome:
    """The same again. Raises ValueError."""
    message = wire.from_guest.decode(packed.value)
    if not isinstance(message, wire.Returned):
        raise wire.WireError("wanted a value")
    return Outcome(Verdict(packed.verdict), message.value, packed.note, packed.cpu_seconds)


def pack_limits(limits: Limits) -> dict[str, float]:
    """All but what may be read."""
    return {name: float(getattr(limits, name)) for name in _KINDS}


def unpack_limits(numbers: dict[str, float], provided: Provided) -> Limits:
    """The same again, with what may be read."""
    kept: dict[str, Any] = {name: _KINDS[name](number) for name, number in numbers.items()}
    return Limits(**kept, provided=provided)


_KINDS: dict[str, Any] = {field.name: type(field.default) for field in fields(Limits) if field.name != "provided"}
