"""Find a string at {given}.

Strings are made of the letters A and B. The distance of two strings s and t of the same length is the number of places
in which they differ, plus the number of places in s at which a letter differs from the one before it, plus the same
for t. {asked}
"""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from selftaught.tasks.levels import described, ladder
from selftaught.tasks.spec import Instance

LONGEST, COUNT = 30, 50
FEWEST_STRINGS, MOST_STRINGS, SHORTEST_OF_SEVERAL, LONGEST_OF_SEVERAL, LADDER = 1, 24, 50, 80, 16
LEVELS = {
    "paper": {
        "given": "a given distance from another",
        "asked": f"""\
algorithm(t, distance) gets a string t of 1 to {LONGEST} letters and a whole number, and returns a string s of the same
length at exactly that distance from t; there is one. The grade is 1 for the exact distance, else
0.5 - |its distance - the one wanted| / (6 * length).""",
    },
    "hard": {
        "given": "given distances from several others",
        "asked": f"""\
algorithm(strings, distances) gets a list of {FEWEST_STRINGS} to {MOST_STRINGS} strings, all of the same length,
{SHORTEST_OF_SEVERAL} to {LONGEST_OF_SEVERAL} letters, and as many whole numbers, and returns a string s of that length
whose distance from each of the strings is exactly the number at its place; there is one. The grade is 1 if all
distances are exact, else 0.5 - (the mean over the strings of |its distance - the one wanted|) / (2 * length), and 0 if
that is negative.""",
    },
}
LEVEL = globals().get("LEVEL", "paper")
__doc__ = described(__doc__, LEVELS[LEVEL])

NAME = "string-grid-distance"
SHOW = True
CPU_SECONDS = 0.1
BOUND = 1.0  # exact: every distance is that of a string

SEEDS = {
    "paper": '''\
def algorithm(t, distance):
    """Return the string itself, whatever its distance is."""
    return t
''',
    "hard": '''\
def algorithm(strings, distances):
    """Return the first string itself, whatever its distances are."""
    return strings[0]
''',
}
SEED = SEEDS[LEVEL]


def distance(s: str, t: str) -> int:
    """Hamming distance plus the transitions of both (Codeforces 1852D, in the paper's App. K)."""
    differing = sum(a != b for a, b in zip(s, t, strict=True))
    return differing + sum(a != b for text in (s, t) for a, b in zip(text, text[1:], strict=False))


def instances(rng: Random, split: str) -> Iterator[tuple[tuple[Any, Any], None]]:
    """Strings are uniform; only their distances to another one are told."""
    if LEVEL == "paper":
        for _ in range(COUNT):
            yield drawn(rng), None
    else:
        for count in ladder(FEWEST_STRINGS, MOST_STRINGS, LADDER):
            yield drawn_several(rng, count), None


def drawn(rng: Random) -> tuple[str, int]:
    """A string, and its distance to another one of the same length."""
    length = rng.randint(1, LONGEST)
    t, s = ("".join(rng.choice("AB") for _ in range(length)) for _ in range(2))
    return t, distance(s, t)


def drawn_several(rng: Random, count: int) -> tuple[list[str], list[int]]:
    """So many strings, and the distances of one other to them."""
    length = rng.randint(SHORTEST_OF_SEVERAL, LONGEST_OF_SEVERAL)
    s, *strings = ("".join(rng.choice("AB") for _ in range(length)) for _ in range(count + 1))
    return strings, [distance(s, t) for t in strings]


def grade(instance: Instance, answer: Any) -> float:
    """From the answer alone; any string at the distances will do."""
    check(instance, answer)
    if LEVEL == "paper":
        t, wanted = instance.args
        off = abs(distance(answer, t) - wanted)
        return 1.0 if off == 0 else 0.5 - off / (6 * len(t))  # never below 0: no distance exceeds 3 * length
    strings, distances = instance.args
    off = sum(abs(distance(answer, t) - d) for t, d in zip(strings, distances, strict=True)) / len(strings)
    return 1.0 if off == 0 else max(0.0, 0.5 - off / (2 * len(answer)))


def check(instance: Instance, answer: Any) -> None:
    """Whether it is an answer at all. Raises ValueError."""
    n = len(_strings(instance)[0])
    if not isinstance(answer, str) or len(answer) != n or not set(answer) <= {"A", "B"}:
        raise ValueError(f"wanted a text of {n} letters, each A or B")


def _strings(instance: Instance) -> Sequence[str]:
    given = instance.args[0]
    return [given] if isinstance(given, str) else given
