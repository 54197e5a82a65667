"""What a guest sent, looked at before it is decoded: how deep, how many items, which keys, which extensions.

A message is small, or is walked. The decoder is quick and safe in itself, but what it would build may be much larger
than the bytes: a million empty lists, a map whose keys all have one hash, text in place of numbers.
"""

import re
import struct

from selftaught.guest import wire

MOST_ITEMS = 500_000
"""Of one message; an array is one item. A list of numbers longer than this should be an array."""
MOST_DEPTH = 64
_SMALL = 4096
"""Up to this size nothing can be built of a message that matters, but for its keys, its extensions and its depth."""
_KEYED = re.compile(rb"[\x80-\x8f\xde\xdf\xc7-\xc9\xd4-\xd8]")
"""Bytes that may begin a map or an extension, if they are not part of something else."""
_OPENERS = bytes([*range(0x80, 0xA0), *range(0xDC, 0xE0)])
"""Bytes that may begin a list or a map: a message is no deeper than it has of them."""

_SIZED = {  # first byte: (bytes of the length, bytes beyond the length's own)
    0xC4: (1, 0), 0xC5: (2, 0), 0xC6: (4, 0), 0xD9: (1, 0), 0xDA: (2, 0), 0xDB: (4, 0),
    0xC7: (1, 1), 0xC8: (2, 1), 0xC9: (4, 1),
}  # fmt: skip
_FIXED = {
    0xC0: 0, 0xC2: 0, 0xC3: 0, 0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8,
    0xD4: 2, 0xD5: 3, 0xD6: 5, 0xD7: 9, 0xD8: 17,
}  # fmt: skip
_LISTS = {0xDC: 2, 0xDD: 4}
_MAPS = {0xDE: 2, 0xDF: 4}
_FORMATS = {1: ">B", 2: ">H", 4: ">I"}


def decoded(body: bytes) -> wire.FromGuest:
    """The message. Raises WireError for one that is too much, msgspec's errors for one that is none."""
    if len(body) > _SMALL or _KEYED.search(body) or len(body) - len(body.translate(None, _OPENERS)) > MOST_DEPTH:
        _walk(body)
    return wire.from_guest.decode(body)


def _walk(body: bytes) -> None:
    """Raises WireError where a bound is passed; a body that breaks off is left to the decoder to refuse."""
    place, items, size = 0, 0, len(body)
    open_: list[list[int]] = []  # [items to come, 1 where they are the keys and values of a map]
    while place < size:
        first, key = body[place], bool(open_) and open_[-1][1] == 1 and open_[-1][0] % 2 == 0
        items += 1
        if items > MOST_ITEMS:
            raise wire.WireError(f"a message of more than {MOST_ITEMS} items")
        length, children, is_map = _extent(body, place)
        if key and not _may_be_key(first):
            raise wire.WireError("a map whose keys are not texts or whole numbers")
        if open_:
            open_[-1][0] -= 1
        if children:
            open_.append([children, int(is_map)])
            if len(open_) > MOST_DEPTH:
                raise wire.WireError(f"a message nested deeper than {MOST_DEPTH}")
        while open_ and open_[-1][0] == 0:
            open_.pop()
        place += length
        if not open_:
            return


def _extent(body: bytes, place: int) -> tuple[int, int, bool]:
    """Bytes of the item at `place` without its children, how many children, whether they are a map's."""
    first = body[place]
    if first < 0x80 or first >= 0xE0:
        return 1, 0, False
    if first < 0x90:
        return 1, 2 * (first & 0x0F), True
    if first < 0xA0:
        return 1, first & 0x0F, False
    if first < 0xC0:
        return 1 + (first & 0x1F), 0, False
    if first in _FIXED:
        if 0xD4 <= first <= 0xD8:
            _check_extension(body[place + 1 : place + 2])
        return 1 + _FIXED[first], 0, False
    if first in _SIZED:
        width, more = _SIZED[first]
        if more:
            _check_extension(body[place + 1 + width : place + 2 + width])
        return 1 + width + more + _number(body, place + 1, width), 0, False
    if first in _LISTS:
        return 1 + _LISTS[first], _number(body, place + 1, _LISTS[first]), False
    if first in _MAPS:
        return 1 + _MAPS[first], 2 * _number(body, place + 1, _MAPS[first]), True
    raise wire.WireError("a byte that begins nothing")


def _number(body: bytes, place: int, width: int) -> int:
    part = body[place : place + width]
    if len(part) < width:
        raise wire.WireError("a message that breaks off")
    number: int = struct.unpack(_FORMATS[width], part)[0]
    return number


def _may_be_key(first: int) -> bool:
    """Texts and whole numbers: their hashes cannot be chosen to collide."""
    text = 0xA0 <= first < 0xC0 or 0xD9 <= first <= 0xDB
    return text or first < 0x80 or first >= 0xE0 or 0xCC <= first <= 0xD3


def _check_extension(code: bytes) -> None:
    if code != bytes([wire.ARRAY_EXTENSION]):
        raise wire.WireError("an extension that is no array")
