"""Find a string at a given distance from another.

Strings are made of the letters A and B. The distance of two strings s and t of the same length is the number of places
in which they differ, plus the number of places in s at which a letter differs from the one before it, plus the same
for t. algorithm(t, distance) gets a string t of 1 to 30 letters and a whole number, and returns a string s of the same
length at exactly that distance from t; there is one. The grade is 1 for the exact distance, else
0.5 - |its distance - the one wanted| / (6 * length).
"""

from collections.abc import Iterator
from random import Random
from typing import Any

from selftaught.tasks.spec import Instance

NAME = "string-grid-distance"
CPU_SECONDS = 0.1

LONGEST, COUNT = 30, 50

SEED = '''\
def algorithm(t, distance):
    """Return the string itself, whatever its distance is."""
    return t
'''


def distance(s: str, t: str) -> int:
    """Hamming distance plus the transitions of both (Codeforces 1852D, in the paper's App. K)."""
    differing = sum(a != b for a, b in zip(s, t, strict=True))
    return differing + sum(a != b for text in (s, t) for a, b in zip(text, text[1:], strict=False))


def instances(rng: Random, split: str) -> Iterator[tuple[tuple[str, int], None]]:
    """Length uniform in 1 to 30, both strings uniform; only their distance is told."""
    for _ in range(COUNT):
        yield drawn(rng), None


def drawn(rng: Random) -> tuple[str, int]:
    """A string, and its distance to another one of the same length."""
    length = rng.randint(1, LONGEST)
    t, s = ("".join(rng.choice("AB") for _ in range(length)) for _ in range(2))
    return t, distance(s, t)


def grade(instance: Instance, answer: Any) -> float:
    """From the answer alone; any string at the distance will do. Never below 0: no distance exceeds 3 * length."""
    check(instance, answer)
    t, wanted = instance.args
    off = abs(distance(answer, t) - wanted)
    return 1.0 if off == 0 else 0.5 - off / (6 * len(t))


def check(instance: Instance, answer: Any) -> None:
    """Whether it is an answer at all. Raises ValueError."""
    t, _ = instance.args
    if not isinstance(answer, str) or len(answer) != len(t) or not set(answer) <= {"A", "B"}:
        raise ValueError(f"wanted a text of {len(t)} letters, each A or B")
