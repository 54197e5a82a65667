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

_ONE_BYTE = bytes([*range(0x80), *range(0xE0, 0x100), 0xC0, 0xC2, 0xC3])
"""Small numbers, None, False and True."""
_ALIKE = {
    **dict.fromkeys(_ONE_BYTE, (1, _ONE_BYTE)),
    **{first: (1 + more, bytes([first])) for first, more in _FIXED.items() if more and first not in _EXTENSIONS},
}
"""First byte of a number: how long it is, and the first bytes of those that are as long."""
_FEWEST_ALIKE, _MOST_ALIKE = 16, 1 << 16


class TooMuch(wire.WireError):
    """Data that would become more in this process than a guest's message may."""


class OddKeys(wire.WireError):
    """A map with keys that cannot cross: an honest program may answer with a dict whose keys are tuples."""


def decoded(body: bytes) -> wire.FromGuest:
    """The message. Raises TooMuch for one that would grow too large, OddKeys, WireError, or errors of msgspec."""
    if len(body) > _SMALL or _KEYED.search(body) or len(body) - len(body.translate(None, _OPENERS)) > MOST_DEPTH:
        _Walk(body).to_the_end()
    return wire.from_guest.decode(body)


class _Walk:
    """One pass over a message's items. A body that breaks off is left to the decoder to refuse."""

    def __init__(self, body: bytes) -> None:
        self._body, self._size = body, len(body)
        self._place = self._elements = self._bytes = 0
        self._open: list[list[int]] = []  # [items to come, 1 where they are the keys and values of a map]
        self._window = _FEWEST_ALIKE

    def to_the_end(self) -> None:
        """Raises WireError where a bound is passed."""
        while self._place < self._size:
            if self._open and self._open[-1][0] >= _FEWEST_ALIKE and not self._open[-1][1]:
                self._pass_numbers()
            if self._place < self._size and self._open_after(*self._item()):
                return

    def _item(self) -> tuple[int, bool]:
        """Pass one item; how many children follow, and whether they are a map's."""
        body, place = self._body, self._place
        first = body[place]
        if self._open and self._open[-1][1] and self._open[-1][0] % 2 == 0 and not _may_be_key(first):
            raise OddKeys("a dict whose keys are not texts or whole numbers")
        length, children, is_map = _extent(body, place)
        self._place += length
        if first in _EXTENSIONS:
            self._count(_elements(body[place : place + length], first))
        else:
            self._count(1, length * _TEXT_BYTES + (min(children, self._size) * _PAIR_BYTES if is_map else 0))
        return children, is_map

    def _open_after(self, children: int, is_map: bool) -> bool:
        """Note an item that was passed, and the children that it opens; whether that was the last."""
        if self._open:
            self._open[-1][0] -= 1
        if children:
            self._open.append([children, int(is_map)])
            if len(self._open) > MOST_DEPTH:
                raise wire.WireError(f"a message nested deeper than {MOST_DEPTH}")
        while self._open and self._open[-1][0] == 0:
            self._open.pop()
        return not self._open

    def _pass_numbers(self) -> None:
        """Pass numbers of one length that follow each other, all but the list's last: a step for many of them."""
        length, alike = _ALIKE.get(self._body[self._place], (0, b""))
        if not length:
            return
        most = min(self._open[-1][0] - 1, self._window)
        firsts = self._body[self._place : self._place + most * length : length]
        passed = len(firsts) - len(firsts.lstrip(alike))
        self._window = min(4 * self._window, _MOST_ALIKE) if passed == self._window else _FEWEST_ALIKE
        self._place += passed * length
        self._open[-1][0] -= passed
        self._count(passed)

    def _count(self, elements: int, more_bytes: int = 0) -> None:
        self._elements += elements
        self._bytes += elements * _ELEMENT_BYTES + more_bytes
        if self._elements > MOST_ELEMENTS:
            raise TooMuch(f"more than {MOST_ELEMENTS} elements, those of arrays and their rows counted")
        if self._bytes > MOST_BYTES:
            raise TooMuch(f"more than {MOST_BYTES >> 20} MiB of memory as data")


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
        return 1 + _FIXED[first], 0, False
    if first in _SIZED:
        width, more = _SIZED[first]
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


def _elements(extension: bytes, first: int) -> int:
    """How many numbers and lists an extension becomes. Raises WireError for one that is none of ours."""
    start = 1 if first >= 0xD4 else 1 + _SIZED[first][0]
    if extension[start : start + 1] == bytes([wire.INTEGER_EXTENSION]):
        wire.decode_integer(extension[start + 1 :])
        return 1 + len(extension) // _INTEGER_BYTES
    if extension[start : start + 1] != bytes([wire.ARRAY_EXTENSION]):
        raise wire.WireError("an extension that is no array")
    return wire.elements_of(wire.array_shape(extension[start + 1 :]))
