"""Find a string at a given distance from another.

Strings are made of the letters A and B. The distance of two strings s and t of the same length is the number of places
in which they differ, plus the number of places in s at which a letter differs from the one before it, plus the same
for t. algorithm(t, distance) gets a string t of 1 to 30 letters and a whole number, and returns a string s of the same
length at exactly that distance from t; there is one. The grade is 1 for the exact distance, else
0.5 - |its distance - the one wanted| / (6 * length).
"""

from collections.abc import Iterator
from random import Random

from selftaught.tasks.released.draws import seeds
from selftaught.tasks.string_grid_distance import COUNT, SEED, drawn, grade

__all__ = ["SEED", "grade"]

NAME = "string-grid-distance"
SHOW = True
CPU_SECONDS = 0.1


def instances(rng: Random, split: str) -> Iterator[tuple[tuple[str, int], None]]:
    """The released ones, whatever `rng` is."""
    for seed in seeds(split, COUNT):
        yield drawn(Random(seed)), None
