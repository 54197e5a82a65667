"""What a run draws from: a number that a person may choose, and a salt that nobody can guess.

A chosen number is short, and a program could try them all. So hidden instances come from number and salt together.
What a program receives (its own random numbers) comes from the number alone: it reveals nothing of the salt.
"""

import re
from dataclasses import dataclass

from selftaught.core.address import draw_seed
from selftaught.core.errors import UsageError

PATTERN = r"^[0-9]{1,19}(:[A-Za-z0-9_-]{1,64})?$"


@dataclass(frozen=True, slots=True)
class RunSeed:
    """`salt` is "" in records of version 0.1.0 alone, whose instances come from the number."""

    number: int
    salt: str = ""

    @classmethod
    def parse(cls, text: str) -> "RunSeed":
        """Of "42" or "42:SALT". Raises UsageError."""
        if not re.match(PATTERN, text):
            raise UsageError(f"the seed {text!r} is not a number; wanted a number, or a seed as printed: 42:SALT")
        number, _, salt = text.partition(":")
        return cls(int(number), salt)

    def __str__(self) -> str:
        return f"{self.number}:{self.salt}" if self.salt else str(self.number)

    @property
    def instances(self) -> int:
        """What hidden instances are drawn from: 63 bits, secret."""
        return draw_seed("instances", str(self.number), self.salt) if self.salt else self.number

    def of(self, *what: str) -> "RunSeed":
        """Another seed with the same salt, for one part of the work."""
        return RunSeed(draw_seed(str(self.number), *what) >> 15, self.salt)
