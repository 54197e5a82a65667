"""The messages: what goes in comes out, and no bytes of a guest's raise anything but the end of that guest."""

import math
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from conftest import times
from guest.fuzz_wire import MESSAGES, PATIENT, HostsEnd, fields, frames, fuzz, hosts_end, is_plain
from selftaught.core.contracts import Verdict
from selftaught.guest import wire
from selftaught.sandbox.conversation import Ended

MANY = settings(max_examples=times(300, 2000), deadline=None, suppress_health_check=list(HealthCheck))
ENDS = {Verdict.BAD_ANSWER, Verdict.PROTOCOL_ERROR, Verdict.TOO_LARGE, Verdict.TIMED_OUT}

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8"))
    | st.binary(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
    max_leaves=20,
)
ARRAYS = st.tuples(
    st.sampled_from(sorted(wire.ITEM_BYTES)), st.lists(st.integers(0, 4), min_size=1, max_size=4), st.integers(0, 250)
)
HEADS = st.integers(0x80, 0xDF).map(lambda n: bytes([n]))
MSGPACK = st.lists(HEADS | st.binary(max_size=9) | st.integers(0, 2**32 - 1).map(lambda n: n.to_bytes(4)), max_size=30)
EXTENSIONS = st.tuples(
    st.integers(-128, 127),
    st.binary(max_size=40)
    | st.tuples(
        st.sampled_from([*sorted(wire.ITEM_BYTES), "|O", "<U1", "x"]),
        st.lists(st.integers(-2, 5) | st.sampled_from([2**31, 2**40, 2**63]), max_size=10),
        st.binary(max_size=64),
    ).map(msgspec.msgpack.encode),
)


@pytest.fixture(scope="module")
def end() -> Iterator[HostsEnd]:
    with hosts_end() as opened:
        yield opened


def comes_to_an_end(end: HostsEnd, frame: bytes) -> None:
    """A message of the guest's kinds, or its end, with a verdict that fits. Anything else is raised, and a crash."""
    seen = end.read(frame)
    if isinstance(seen, Ended):
        assert seen.verdict in ENDS
        assert len(seen.note) < 200
    else:
        assert isinstance(seen, wire.FromGuest)
        assert is_plain(fields(seen))


def framed(body: bytes) -> bytes:
    return wire.HEADER.pack(len(body)) + body


@given(value=VALUES)
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_plain_data_comes_out_as_it_went_in(end: HostsEnd, value: Any) -> None:
    seen = end.read(wire.frame(wire.Returned(value)), PATIENT)
    assert seen == wire.Returned(value)


@given(array=ARRAYS)
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_arrays_come_out_as_lists_of_the_same_numbers(end: HostsEnd, array: tuple[str, list[int], int]) -> None:
    dtype, shape, fill = array
    made = np.full(shape, fill).astype(dtype)
    seen = end.read(wire.frame(wire.Returned(made)), PATIENT)
    assert seen == wire.Returned(made.tolist())
    back = wire.to_guest.decode(wire.encode(wire.Call([made])))
    assert isinstance(back, wire.Call)
    assert (back.arguments[0].dtype, back.arguments[0].tolist()) == (made.dtype, made.tolist())
    assert back.arguments[0].flags.writeable


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_only_a_guests_messages_are_taken(end: HostsEnd, message: wire.Message) -> None:
    seen = end.read(wire.frame(message), PATIENT)
    assert isinstance(seen, Ended) is not isinstance(message, wire.FromGuest)


@given(data=st.binary(max_size=300))
@MANY
def test_noise_harms_nobody(end: HostsEnd, data: bytes) -> None:
    comes_to_an_end(end, data)


@given(body=st.binary(max_size=300))
@example(body=b"\x92\xa8returned" + b"\x91" * 100_000)
@example(body=b"\x92\xa8returned\xdd\xff\xff\xff\xff")
@MANY
def test_noise_in_a_frame_harms_nobody(end: HostsEnd, body: bytes) -> None:
    comes_to_an_end(end, framed(body))


@given(parts=MSGPACK)
@MANY
def test_noise_made_of_msgpack_harms_nobody(end: HostsEnd, parts: list[bytes]) -> None:
    comes_to_an_end(end, framed(b"\x92\xa8returned" + b"".join(parts)))


@given(extension=EXTENSIONS)
@MANY
def test_extensions_of_any_kind_harm_nobody(end: HostsEnd, extension: tuple[int, bytes]) -> None:
    code, body = extension
    comes_to_an_end(end, framed(msgspec.msgpack.encode(["returned", [msgspec.msgpack.Ext(code, body)]])))


@given(seed=st.integers(0, 2**32))
@MANY
def test_mutated_frames_harm_nobody(end: HostsEnd, seed: int) -> None:
    comes_to_an_end(end, next(frames(seed)))


def test_five_thousand_mutated_frames_crash_nothing_and_leave_no_memory_behind() -> None:
    became, crashes, grown, _ = fuzz(5_000, seed=2)
    assert crashes == []
    assert became["protocol error"] > 1_000
    assert became["a message"] > 100
    assert grown < 32


@pytest.mark.parametrize(
    "value",
    [1 << 8192, -(1 << 8192), object(), 1j, "\ud800", {"x": {1, object()}}, np.array([1j]), np.array(["x"])],
    ids=lambda value: type(value).__name__,
)
def test_what_may_not_cross_is_an_error_on_this_side(value: Any) -> None:
    with pytest.raises(wire.WireError):
        wire.encode(wire.Returned(value))


def test_what_is_no_number_crosses_as_what_it_is(end: HostsEnd) -> None:
    seen = end.read(wire.frame(wire.Returned([math.nan, math.inf])), PATIENT)
    assert isinstance(seen, wire.Returned)
    assert (is_plain(fields(seen)), math.isnan(seen.value[0]), seen.value[1]) == (True, True, math.inf)
