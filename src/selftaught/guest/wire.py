"""The messages that cross the sandbox's wall: data only, length-prefixed msgpack, checked on the way in.

A frame is a little-endian u32 length and that many bytes: one msgpack array, tagged with the message's name. A numpy
array travels as msgpack extension 1, itself msgpack `[dtype, shape, bytes]`; a whole number beyond 64 bits as extension
2, its bytes in two's complement, the highest first. Nothing is ever unpickled.
"""

import math
import operator
import struct
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any

import msgspec

HEADER = struct.Struct("<I")
ARRAY_EXTENSION, INTEGER_EXTENSION = 1, 2
MOST_INTEGER_BYTES = 1024
"""Of a whole number beyond 64 bits: 2,466 digits, fewer than Python refuses to write (4,300)."""
ITEM_BYTES = {
    "|b1": 1, "|i1": 1, "|u1": 1, "<i2": 2, "<u2": 2, "<i4": 4, "<u4": 4, "<i8": 8, "<u8": 8,
    "<f2": 2, "<f4": 4, "<f8": 8,
}  # fmt: skip
"""The dtypes that may cross: fixed size, native to both sides. No objects, no text, no complex numbers."""
MOST_DIMENSIONS = 8
MOST_EMPTY = 1000
"""An array without elements still has rows: (n, 0) becomes n lists."""


class Message(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag_field="message"):
    """Base of all messages."""


# host → guest


class Load(Message, frozen=True, tag="load"):
    """Execute `source`, find `entry`. `facts` makes the guest an improver: what it may read of its budgets."""

    source: str
    entry: str
    seed: int
    facts: dict[str, Any] | None
    nonce: int = 0


class Call(Message, frozen=True, tag="call"):
    """Call the entry with these arguments."""

    arguments: list[Any]
    nonce: int = 0


class Reply(Message, frozen=True, tag="reply"):
    """The answer to `Ask` number `id`: a value, or the kind and text of an error for the guest to raise."""

    id: int
    value: Any
    error_kind: str = ""
    error_text: str = ""


ToGuest = Load | Call | Reply

# guest → host


class Loaded(Message, frozen=True, tag="loaded"):
    """The program is loaded and has its entry. `nonce`: of the message that this answers, here and below."""

    nonce: int = 0


class Returned(Message, frozen=True, tag="returned"):
    """The call returned."""

    value: Any
    nonce: int = 0


class Raised(Message, frozen=True, tag="raised"):
    """Loading or calling raised; `kind` is the exception's class, "" where the entry is missing."""

    kind: str
    text: str
    nonce: int = 0


class Ask(Message, frozen=True, tag="ask"):
    """A request for a service. `id` is the guest's own, and names the reply."""

    id: int
    service: str
    arguments: list[Any]


FromGuest = Loaded | Returned | Raised | Ask

# host → zygote


class Setup(Message, frozen=True, tag="setup"):
    """How guests are to be locked. All that Landlock leaves them: paths to read, folders whose names may be listed.

    `imports`: modules that guests find imported; `folder`: where they start; `plain`: they find no numpy (warm.py).
    """

    layers: list[str]
    filters: dict[str, bytes]
    readable: list[str]
    listed: list[str]
    user: int | None
    imports: list[str] = []
    folder: str = "/"
    plain: bool = False


class Fork(Message, frozen=True, tag="fork"):
    """Fork one guest with this filter and these limits, and lock it; it waits for its `Load`."""

    number: int
    filter: str
    memory_bytes: int
    cpu_seconds: int


ToZygote = Setup | Fork

# zygote → host


class Ready(Message, frozen=True, tag="ready"):
    """The zygote is up, with these layers in force; its pidfd comes with this message.

    `address_space`: how many bytes of it a guest can be given at most, where it was started under a limit.
    """

    layers: list[str]
    user: int
    address_space: int | None = None


class Forked(Message, frozen=True, tag="forked"):
    """Guest `number` is there; its socket and its pidfd come with this message."""

    number: int


class Exited(Message, frozen=True, tag="exited"):
    """Guest `number` is gone and reaped. `status`: exit code, or minus the signal that killed it."""

    number: int
    status: int
    cpu_seconds: float
    peak_bytes: int


FromZygote = Ready | Forked | Exited


class WireError(ValueError):
    """Bytes that are no message, or a value that may not cross."""


def _encode_array(value: Any) -> msgspec.msgpack.Ext:
    dtype = value.dtype.str
    if dtype not in ITEM_BYTES:
        raise TypeError(f"an array of dtype {value.dtype} cannot cross the sandbox's wall")
    body = msgspec.msgpack.encode([dtype, list(value.shape), value.tobytes()])
    return msgspec.msgpack.Ext(ARRAY_EXTENSION, body)


def _encode_other(value: Any) -> Any:
    module = type(value).__module__
    if module == "numpy" or module.startswith("numpy."):
        if hasattr(value, "dtype") and getattr(value, "ndim", False):
            return _encode_array(value)
        if hasattr(value, "item"):
            return value.item()  # a numpy scalar, or an array without dimensions
    if isinstance(value, (range, map, filter, zip)) or type(value).__name__ in (
        "dict_keys",
        "dict_values",
        "generator",
    ):
        return list(value)
    raise TypeError(f"a {type(value).__name__} cannot cross the sandbox's wall")


_array_parts = msgspec.msgpack.Decoder(tuple[str, list[int], bytes])
_array_head = msgspec.msgpack.Decoder(tuple[str, list[int], msgspec.Raw])
_HEAD = struct.Struct("BB3xB")
_THREE_PARTS, _THREE_CHARACTERS, _SHORT_LIST = 0x93, 0xA3, 0x90
_ARRAY_BEGINS = bytes([ARRAY_EXTENSION, _THREE_PARTS, _THREE_CHARACTERS])


def holds_array(frame: bytes) -> bool:
    """Whether a message holds an array. It may say so of one that holds none."""
    return _ARRAY_BEGINS in frame


def array_shape(body: bytes | memoryview) -> list[int]:
    """The shape of an array, by its head alone: its data is not looked at. Raises WireError."""
    _check_head(body)
    try:
        _, shape, _ = _array_head.decode(body)
    except msgspec.MsgspecError as error:
        raise WireError(f"an array that is none: {error}") from None
    if shape and not 0 <= min(shape) <= max(shape) <= 2**40 or math.prod(max(1, size) for size in shape) > 2**40:
        raise WireError("an array of an absurd shape")
    return shape


def _check_head(body: bytes | memoryview) -> None:
    """As `_encode_array` writes it: so no shape is long, and none is decoded that is."""
    found = _HEAD.unpack_from(body) if len(body) >= _HEAD.size else (0, 0, 0)
    if found[:2] != (_THREE_PARTS, _THREE_CHARACTERS) or not 0 <= found[2] - _SHORT_LIST <= MOST_DIMENSIONS:
        raise WireError("an array whose dtype or shape is none")


def elements_of(shape: Sequence[int]) -> int:
    """How many lists and numbers an array of that shape becomes."""
    rows: Iterable[int] = accumulate(shape, operator.mul)
    return 1 + sum(rows)


def decode_array(body: bytes | memoryview) -> Any:
    """A read-only numpy array. Raises WireError."""
    import numpy

    _check_head(body)
    dtype, shape, data = _array_parts.decode(body)
    if len(shape) == 1 and shape[0] * ITEM_BYTES.get(dtype, 0) == len(data) > 0:  # as nearly all are
        return numpy.frombuffer(data, dtype)
    sizes_fit = not shape or 0 <= min(shape) <= max(shape) <= 2**40
    if dtype not in ITEM_BYTES or not sizes_fit or math.prod(shape) * ITEM_BYTES[dtype] != len(data):
        raise WireError("an array whose dtype, shape and bytes do not fit together")
    if 0 in shape and math.prod(max(1, size) for size in shape) > MOST_EMPTY:
        raise WireError("an array of no elements in an absurd shape")
    return numpy.frombuffer(data, dtype=dtype).reshape(shape)


def decode_integer(body: bytes | memoryview) -> int:
    """Raises WireError for one that is too large."""
    if len(body) > MOST_INTEGER_BYTES:
        raise WireError(f"a whole number of more than {MOST_INTEGER_BYTES} bytes")
    return int.from_bytes(body, "big", signed=True)


def _integer(value: int) -> msgspec.msgpack.Ext:
    size = value.bit_length() // 8 + 1
    if size > MOST_INTEGER_BYTES:
        raise OverflowError(f"a whole number of {size} bytes; the most is {MOST_INTEGER_BYTES}")
    return msgspec.msgpack.Ext(INTEGER_EXTENSION, value.to_bytes(size, "big", signed=True))


def _extensible(value: Any, depth: int = 0) -> Any:
    """The same with extensions for what msgpack has no number for. As values, not as keys."""
    if depth > 200:
        raise RecursionError("nested too deep")
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 64:
        return _integer(value)
    if isinstance(value, (list, tuple)):
        return [_extensible(one, depth + 1) for one in value]
    if isinstance(value, dict):
        return {key: _extensible(one, depth + 1) for key, one in value.items()}
    return value


def _extended(message: Message) -> Message:
    """The message with such a value in it."""
    held = {name: getattr(message, name) for name in message.__struct_fields__ if name in ("value", "arguments")}
    return msgspec.structs.replace(message, **{name: _extensible(value) for name, value in held.items()})


def _extension(code: int, body: memoryview) -> Any:
    if code == INTEGER_EXTENSION:
        return decode_integer(body)
    if code != ARRAY_EXTENSION:
        raise WireError(f"unknown extension {code}")
    return decode_array(body)


def _array_as_list(code: int, body: memoryview) -> Any:
    value = _extension(code, body)
    return value if isinstance(value, int) else value.tolist()


_known_dtypes: dict[str, Any] = {}
_array_here = msgspec.msgpack.Decoder(tuple[str, list[int], memoryview])


def _array_to_change(code: int, body: memoryview) -> Any:
    """A copy: a program may write into its arguments. They come from the host, which writes no nonsense."""
    if code != ARRAY_EXTENSION:
        return _extension(code, body)
    import numpy

    dtype, shape, data = _array_here.decode(body)
    known = _known_dtypes.get(dtype) or _known_dtypes.setdefault(dtype, numpy.dtype(dtype))
    return numpy.ndarray(shape, known, data).copy()


_encoder = msgspec.msgpack.Encoder(enc_hook=_encode_other)
to_guest: msgspec.msgpack.Decoder[ToGuest] = msgspec.msgpack.Decoder(ToGuest, ext_hook=_array_to_change)
from_guest: msgspec.msgpack.Decoder[FromGuest] = msgspec.msgpack.Decoder(FromGuest, ext_hook=_array_as_list)
to_zygote: msgspec.msgpack.Decoder[ToZygote] = msgspec.msgpack.Decoder(ToZygote)
from_zygote: msgspec.msgpack.Decoder[FromZygote] = msgspec.msgpack.Decoder(FromZygote)


def encode(message: Message) -> bytes:
    """The message alone, as sent where the socket keeps message bounds.

    Raises WireError on a value that may not cross: an unknown type, too long a whole number, too deep a nesting.
    """
    try:
        try:
            return _encoder.encode(message)
        except OverflowError:  # a whole number beyond 64 bits: rare, and so looked for only then
            return _encoder.encode(_extended(message))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise WireError(str(error) or type(error).__name__) from None


def frame(message: Message) -> bytes:
    """The message with its length before it, as sent over a stream. Raises WireError like `encode`."""
    return framed(encode(message))


def framed(*parts: bytes | memoryview) -> bytes:
    """The parts of an encoded message with their length before them. Raises WireError if that is too much."""
    size = sum(map(len, parts))
    if size >= 1 << 32:
        raise WireError(f"a message of {size} bytes; a frame holds less than 4 GiB")
    return b"".join((HEADER.pack(size), *parts))
