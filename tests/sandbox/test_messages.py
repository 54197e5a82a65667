"""A message is weighed before it is decoded: its elements are counted as what they become, exactly."""

import random
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guest.growing import body
from selftaught.guest import wire
from selftaught.sandbox import messages


def elements(value: Any) -> int:
    """Numbers, texts, lists and maps, and what arrays become as nested lists; of plain data."""
    match value:
        case list():
            return 1 + sum(map(elements, value))
        case dict():
            return 1 + sum(elements(key) + elements(one) for key, one in value.items())
        case _:
            return 1


def check_count(encoded: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many elements are let pass, and one fewer are too many."""
    plain = msgspec.msgpack.decode(encoded, ext_hook=wire._array_as_list, strict=False)
    most = elements(plain)
    monkeypatch.setattr(messages, "MOST_ELEMENTS", most)
    messages.decoded(encoded)
    monkeypatch.setattr(messages, "MOST_ELEMENTS", most - 1)
    with pytest.raises(messages.TooMuch):
        messages.decoded(encoded)


@pytest.mark.parametrize(
    "value",
    [
        [1] * 5000, [[1, 2]] * 2000, [0.5] * 17 + ["a"] * 17 + [[]] * 17 + [{}] * 17, [300, 1] * 3000,
        {str(n): [n, None] for n in range(2000)}, ["x" * (n % 40) for n in range(3000)], [b"x" * 300] * 20,
        [[[[[0.5]]]]] * 1000, [{"a": 1}, {}] * 1000, list(range(70_000)), [1 << 63, -5, 70_000, 2**31] * 1000,
    ],
)  # fmt: skip
def test_elements_are_counted_as_what_they_become(value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    check_count(msgspec.msgpack.encode(["returned", value, 1]), monkeypatch)


@pytest.mark.parametrize("rows", [10_900, 11_100, 12_400, 12_600, 20_000, 99_000])
@pytest.mark.parametrize("more", [(), (1,) * 7])
def test_an_array_alone_is_as_large_as_what_it_becomes(rows: int, more: tuple[int, ...]) -> None:
    encoded = wire.encode(wire.Returned(np.zeros((rows, *more), dtype=np.uint8), 1 << 62))
    if 2 + 1 + rows * (1 + len(more)) + 1 > messages.MOST_ELEMENTS:  # the message and its name, the array, the nonce
        with pytest.raises(messages.TooMuch):
            messages.decoded(encoded)
    else:
        assert isinstance(messages.decoded(encoded), wire.Returned)


@pytest.mark.parametrize("end", [b"", b"\xc0", b"\x90", b"\xcf\x00", b"\x01\x01", b"\xcf" + b"\xff" * 9])
def test_what_follows_an_array_is_a_number_or_no_message(end: bytes) -> None:
    encoded = wire.encode(wire.Returned(np.zeros(3, dtype=np.uint8), 1))
    with pytest.raises((wire.WireError, msgspec.MsgspecError)):
        messages.decoded(encoded[:-1] + end)


@given(chance=st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_so_of_any_message(chance: random.Random) -> None:
    encoded = body(chance, 20_000)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(messages, "_SMALL", 0)
        patched.setattr(messages, "_SMALL_ARRAY_BYTES", 0)
        try:
            messages.decoded(encoded)
        except (wire.WireError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return
        check_count(encoded, patched)


@pytest.mark.parametrize(
    ("encoded", "error"),
    [
        (b"\x92\xa8returned" + b"\x91" * 65 + b"\x01", wire.WireError),
        (b"\x92\xa8returned\xdc\x00\x20" + b"\x01" * 31 + b"\x81\x91\x01\x01", messages.OddKeys),
        (b"\x92\xa8returned\xdc\x00\x20" + b"\x01" * 31 + b"\xc1", wire.WireError),
        (b"\x92\xa8returned\xdd\x00\x0f\xff\xff" + b"\x90" * 200_000, messages.TooMuch),
        (b"\x92\xa8returned\xdc\x00\x20\xd9", wire.WireError),
    ],
)
def test_what_is_wrong_in_the_middle_is_found(
    encoded: bytes, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "_SMALL", 0)
    with pytest.raises(error) as raised:
        messages.decoded(encoded)
    assert raised.type is error
