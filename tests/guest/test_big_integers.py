"""Whole numbers beyond 64 bits cross the wall, both ways."""

import struct

import pytest

from selftaught.core.contracts import Program, Verdict
from selftaught.guest import wire
from selftaught.sandbox import messages
from selftaught.sandbox.choice import open_sandbox
from selftaught.sandbox.contract import Limits

EDGES = [sign * (1 << bits) + more for bits in (63, 64, 127, 1000, 8000) for sign in (1, -1) for more in (-1, 0, 1)]


@pytest.mark.parametrize("number", EDGES)
def test_there_and_back(number: int) -> None:
    nested = [number, {"a": [number, 1.5]}]
    assert messages.decoded(wire.encode(wire.Returned(nested))) == wire.Returned(nested)
    assert wire.to_guest.decode(wire.encode(wire.Call([nested]))) == wire.Call([nested])


def test_a_program_is_given_one_and_answers_with_one() -> None:
    with open_sandbox("auto", 1) as sandbox:
        outcome = sandbox.call(Program("def f(n): return [n * n, (n,)]"), "f", [10**30], Limits())
        assert outcome.value == [10**60, [10**30]]
        too_large = sandbox.call(Program("def f(): return 1 << 9000"), "f", [], Limits())
    assert too_large.verdict is Verdict.BAD_ANSWER
    assert "a whole number of 1126 bytes; the most is 1024" in too_large.note


def test_one_that_claims_more_than_may_be_is_refused() -> None:
    body = bytes([wire.INTEGER_EXTENSION]) + b"\x7f" * 5000
    hostile = b"\x93\xa8returned" + b"\xc8" + struct.pack(">H", 5000) + body + b"\x00"
    with pytest.raises(wire.WireError):
        messages.decoded(hostile)


def test_a_long_list_of_long_numbers_counts_for_what_it_becomes() -> None:
    with pytest.raises(messages.TooMuch):
        messages.decoded(wire.encode(wire.Returned([1 << 8000] * 20_000)))
