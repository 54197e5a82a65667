"""How a question to the model is worded, apart from what it shows: which wordings are one and the same."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_NUMBER = re.compile(r"\d+(\.\d+)?")
_WORD = re.compile(r"[^\W\d_]+|#")
_LIST = re.compile(r"#( #)+")


def wording(system: str, message: str, left_out: Iterable[str]) -> tuple[str, ...]:
    """The distinct lines of a prompt without its numbers and without the ignored texts."""
    for text in sorted(left_out, key=len, reverse=True):
        if text and text in message:
            message = message.replace(text, " ")
    words = (" ".join(_WORD.findall(_NUMBER.sub("#", line))) for line in f"{system}\n{message}".split("\n"))
    lines = (_LIST.sub("#", line) for line in words)  # a list of numbers gets longer
    return tuple(dict.fromkeys(line for line in lines if line))


@dataclass
class Wording:
    """Numbers wordings in the order in which they come up. `description`: of the utility, which is no part of one."""

    description: str
    _met: dict[tuple[str, ...], int] = field(default_factory=dict)

    def number(self, system: str, message: str, programs: Iterable[str]) -> int:
        """From 0."""
        return self._met.setdefault(wording(system, message, [self.description.strip(), *programs]), len(self._met))
