"""What a server's JSON would become, counted before anything decodes it.

A decoder builds everything that a text describes: eight MiB of brackets become half a GiB of lists, in one step that
blocks every other thread of this process. So a body is walked first, in steps of a few milliseconds, and is refused
where it has more elements, levels or digits than any answer of a model has.
"""

import re

MOST_BYTES = 8 << 20
"""The limit of one JSON text. Eight responses of 128,000 tokens each are about 4 MiB, and 6 if written as escapes."""
MOST_ELEMENTS = 100_000
"""Commas, lists and objects. A catalogue of hundreds of models has some 20,000."""
MOST_DEPTH = 100
_SMALL = 4096
"""Up to this size nothing can be built of a text that matters; for its depth the decoder has a limit of its own."""
_STEP_BYTES = 1 << 20
_MOST_DIGITS = 99
_MARK = re.compile(rb'["\[{,\]}]|[0-9]{20,100}+')
_WITHIN_A_TEXT = re.compile(rb'(?:[^"\\]{1,4096}+|\\.){1,256}+', re.DOTALL)


class TooMuchJson(ValueError):
    """A text that would become more than any answer."""


def weigh(body: bytes) -> None:
    """Raises TooMuchJson. The decoder refuses a body that is not JSON."""
    if len(body) > MOST_BYTES:
        raise TooMuchJson(f"more than {MOST_BYTES >> 20} MiB of JSON")
    if len(body) > _SMALL:
        _walk(body)


def _walk(body: bytes) -> None:
    place = elements = depth = 0
    while place < len(body):
        mark = _MARK.search(body, place, place + _STEP_BYTES)
        if mark is None:
            place = max(place + 1, place + _STEP_BYTES - _MOST_DIGITS)  # a number may begin before the step's end
            continue
        place = mark.end()
        match mark[0]:
            case b'"':
                place = _end_of_text(body, place)
            case b"]" | b"}":
                depth -= 1
            case b"," | b"[" | b"{":
                elements += 1
                depth += mark[0] != b","
            case digits if len(digits) > _MOST_DIGITS:
                raise TooMuchJson(f"a number of more than {_MOST_DIGITS} digits")
        if elements > MOST_ELEMENTS or depth > MOST_DEPTH:
            raise TooMuchJson(f"JSON of more than {MOST_ELEMENTS} elements or {MOST_DEPTH} levels")


def _end_of_text(body: bytes, place: int) -> int:
    while inner := _WITHIN_A_TEXT.match(body, place):
        place = inner.end()
    return place + 1
