"""What a guest sent, weighed before it is decoded: how deep it is, and what it would become in this process.

A message is small, or is walked. The decoder is quick and safe in itself, but what it would build may be much larger
than the bytes: an array of a million rows of one number, a million empty lists, a map whose keys all have one hash.
"""

import re
import struct

from selftaught.guest import wire

MOST_ELEMENTS = 100_000
"""Of one message, as Python objects: numbers, texts, lists and maps, and what arrays become as nested lists."""
MOST_BYTES = 64 << 20
"""What a message may take as Python objects, estimated from above."""
MOST_DEPTH = 64
_SMALL = 4096
"""Up to this size nothing can be built of a message that matters, but for its keys, its extensions and its depth."""
_KEYED = re.compile(rb"[\x80-\x8f\xde\xdf\xc7-\xc9\xd4-\xd8]")
"""Bytes that may begin a map or an extension, if they are not part of something else."""
_OPENERS = bytes([*range(0x80, 0xA0), *range(0xDC, 0xE0)])
"""Bytes that may begin a list or a map: a message is no deeper than it has of them."""

_ELEMENT_BYTES, _TEXT_BYTES, _PAIR_BYTES = 104, 4, 64
"""CPython's from above: an element with its place in a list; each byte of a text, where one wide character makes all
of them wide; a place in a map, twice what it holds."""

_SIZED = {  # first byte: (bytes of the length, bytes beyond the length's own)
    0xC4: (1, 0), 0xC5: (2, 0), 0xC6: (4, 0), 0xD9: (1, 0), 0xDA: (2, 0), 0xDB: (4, 0),
    0xC7: (1, 1), 0xC8: (2, 1), 0xC9: (4, 1),
}  # fmt: skip
_FIXED = {
    0xC0: 0, 0xC2: 0, 0xC3: 0, 0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8,
    0xD4: 2, 0xD5: 3, 0xD6: 5, 0xD7: 9, 0xD8: 17,
}  # fmt: skip
_EXTENSIONS = frozenset([0xC7, 0xC8, 0xC9, *range(0xD4, 0xD9)])
_LISTS = {0xDC: 2, 0xDD: 4}
_MAPS = {0xDE: 2, 0xDF: 4}
_INTEGER_BYTES = 100
"""Of a long whole number, for each further element that it counts as."""
_FORMATS = {1: ">B", 2: ">H", 4: ">I"}

_ONE_BYTE = bytes([*range(0x81), 0x90, 0xA0, *range(0xE0, 0x100), 0xC0, 0xC2, 0xC3])
"""Small numbers, None, False and True; an empty map, list or text."""
_LONGER = {first: 1 + more for first, more in _FIXED.items() if more and first not in _EXTENSIONS}
_TEXTS = {0xA0 + size: 1 + size for size in range(1, 32)}
_LENGTHS = {**dict.fromkeys(_ONE_BYTE, 1), **_LONGER, **_TEXTS}
_WHOLE = [_LENGTHS.get(first, 0) for first in range(256)]
"""By its first byte, how long an item is that has no others in it, and whose length stands in no byte of its own."""
_ALIKE = [_ONE_BYTE if first in _ONE_BYTE else bytes([first]) for first in range(256)]
"""By the first byte of such an item, the first bytes of those that are as long."""
_FEWEST_ALIKE, _MOST_ALIKE = 16, 1 << 16
_NUMBERS = frozenset([*range(0x80), *range(0xCC, 0xD0)])
"""First bytes of whole numbers that are not negative."""
_KEYS = frozenset([*range(0x80), *range(0xE0, 0x100), *range(0xA0, 0xC0), *range(0xD9, 0xDC), *range(0xCC, 0xD4)])
"""First bytes of what may be a key: texts and whole numbers, whose hashes cannot be chosen to collide."""


class TooMuch(wire.WireError):
    """Data that would become more in this process than a guest's message may."""


class OddKeys(wire.WireError):
    """A map with keys that cannot cross: an honest program may answer with a dict whose keys are tuples."""


def decoded(body: bytes) -> wire.FromGuest:
    """The message. Raises TooMuch for one that would grow too large, OddKeys, WireError, or errors of msgspec."""
    if _is_array(body):
        return wire.from_guest.decode(body)
    if len(body) > _SMALL or _KEYED.search(body) or len(body) - len(body.translate(None, _OPENERS)) > MOST_DEPTH:
        _walk(body)
    return wire.from_guest.decode(body)


_ARRAY_RETURNED = re.compile(rb"\x93\xa8returned(?:\xc7(.)|\xc8(..))\x01", re.DOTALL)
"""How a message begins whose value is an array: the most usual answer after a plain one."""
_SMALL_ARRAY_BYTES = MOST_ELEMENTS // (wire.MOST_DIMENSIONS + 1)
"""Each of its numbers is in at most so many lists: up to this size no shape makes too much of it."""
_NONCE_BYTES = 9


def _is_array(body: bytes) -> bool:
    """Whether it is a small array that was returned, a number, and nothing else."""
    found = _ARRAY_RETURNED.match(body)
    if found is None:
        return False
    size = int.from_bytes(found[1] or found[2], "big")
    end = found.end() + size
    return size <= _SMALL_ARRAY_BYTES and end < len(body) <= end + _NONCE_BYTES and body[end] in _NUMBERS


def _walk(body: bytes) -> None:
    """One pass over a message's items. A body that breaks off is left to the decoder to refuse.

    All in one loop: a call for each of a hundred thousand items would take most of the time. Raises WireError where a
    bound is passed.
    """
    place, size, elements, more = 0, len(body), 0, 0
    left, is_map, around = 1, False, list[tuple[int, bool]]()  # items to come: in the innermost list or map, and around
    window = _FEWEST_ALIKE
    while place < size:
        first, children, opens_map = body[place], 0, False
        if is_map and not left & 1 and first not in _KEYS:
            raise OddKeys("a dict whose keys are not texts or whole numbers")
        length = _WHOLE[first]
        if length:
            count, following, alike = 1, place + length, _ALIKE[first]
            if left > _FEWEST_ALIKE and not is_map and following < size and body[following] in alike:
                count = _count_alike(body[place : place + length * min(left, window) : length], alike)
                window = min(4 * window, _MOST_ALIKE) if count == window else _FEWEST_ALIKE
            length *= count
            elements, left = elements + count, left - count
        elif first < 0xA0:
            length, children, opens_map = 1, first & 0x0F, first < 0x90
            elements, left = elements + 1, left - 1
        else:
            length, children, opens_map = _extent(body, place)
            elements += _elements(body[place : place + length], first) if first in _EXTENSIONS else 1
            left -= 1
        place += length
        more += length * _TEXT_BYTES
        if children:
            more += min(children, size) * _PAIR_BYTES if opens_map else 0
            around.append((left, is_map))
            if len(around) > MOST_DEPTH:
                raise wire.WireError(f"a message nested deeper than {MOST_DEPTH}")
            left, is_map = 2 * children if opens_map else children, opens_map
        while not left and around:
            left, is_map = around.pop()
        if elements > MOST_ELEMENTS:
            raise TooMuch(f"more than {MOST_ELEMENTS} elements, those of arrays and their rows counted")
        if elements * _ELEMENT_BYTES + more > MOST_BYTES:
            raise TooMuch(f"more than {MOST_BYTES >> 20} MiB of memory as data")
        if not left:
            return


def _count_alike(firsts: bytes, alike: bytes) -> int:
    return len(firsts) - len(firsts.lstrip(alike))


def _extent(body: bytes, place: int) -> tuple[int, int, bool]:
    """Bytes of the item at `place` without its children, how many items or pairs follow, whether they are a map's."""
    first = body[place]
    if first in _FIXED:
        return 1 + _FIXED[first], 0, False
    if first in _SIZED:
        width, more = _SIZED[first]
        return 1 + width + more + _number(body, place + 1, width), 0, False
    if first in _LISTS:
        return 1 + _LISTS[first], _number(body, place + 1, _LISTS[first]), False
    if first in _MAPS:
        return 1 + _MAPS[first], _number(body, place + 1, _MAPS[first]), True
    raise wire.WireError("a byte that begins nothing")


def _number(body: bytes, place: int, width: int) -> int:
    part = body[place : place + width]
    if len(part) < width:
        raise wire.WireError("a message that breaks off")
    number: int = struct.unpack(_FORMATS[width], part)[0]
    return number


def _elements(extension: bytes, first: int) -> int:
    """How many numbers and lists an extension becomes. Raises WireError for one that is none of ours."""
    start = 1 if first >= 0xD4 else 1 + _SIZED[first][0]
    if extension[start : start + 1] == bytes([wire.INTEGER_EXTENSION]):
        wire.decode_integer(extension[start + 1 :])
        return 1 + len(extension) // _INTEGER_BYTES
    if extension[start : start + 1] != bytes([wire.ARRAY_EXTENSION]):
        raise wire.WireError("an extension that is no array")
    return wire.elements_of(wire.array_shape(extension[start + 1 :]))
