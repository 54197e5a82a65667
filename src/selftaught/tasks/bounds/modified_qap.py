"""Tabu search over swaps of two facilities, from several starts: the best assignment met.

Heuristic: 15! assignments are too many to try. Where there are few, tests try all and find none better; and other
starts find none either.
"""

import numpy as np

from selftaught.tasks.modified_qap import PENALTY, Matrix, value

KIND = "heuristic"
STARTS, STEPS = 12, 600


def answer(flow: Matrix, distance: Matrix, preference: Matrix) -> list[int]:
    """The place of each facility. The same every time: chance is seeded."""
    chance = np.random.default_rng(0)
    found = [_search(chance, flow, distance, preference) for _ in range(STARTS)]
    return max(found, key=lambda places: value(places, flow, distance, preference))


def _search(chance: np.random.Generator, flow: Matrix, distance: Matrix, preference: Matrix) -> list[int]:
    """Always to the best neighbour that does not put two facilities back where they were lately, or is the best yet."""
    n = len(flow)
    places = chance.permutation(n)
    best, most = places.copy(), value(places.tolist(), flow, distance, preference)
    reached = most
    barred = np.zeros((n, n), dtype=np.int64)  # until which step a facility may not come back to a place
    pairs = np.triu(np.ones((n, n), dtype=bool), 1)
    for step in range(STEPS):
        gains = _gains(flow, distance[np.ix_(places, places)], preference[:, places])
        may = barred[:, places] <= step
        free = pairs & (may | may.T | (reached + gains > most + 1e-9))
        i, j = divmod(int(np.where(free, gains, -np.inf).argmax()), n)
        barred[i, places[i]] = barred[j, places[j]] = step + chance.integers(n // 2, 2 * n)
        reached += gains[i, j]
        places[i], places[j] = places[j], places[i]
        if reached > most + 1e-9:
            best, most = places.copy(), reached
    return [int(place) for place in best]


def _gains(flow: Matrix, moved: Matrix, liked: Matrix) -> Matrix:
    """What the value gains by each swap of two facilities, i and j, as an n × n array; three matrix products in all.

    `moved[i, j]` is the distance of the places of i and j, `liked[i, j]` what i would think of j's place.
    """
    rows, columns = flow @ moved.T, flow.T @ moved
    both = rows + columns
    own = both.diagonal()
    through = both + both.T - own[:, None] - own  # over all k, as if i and j were others; put right in what follows
    f, d = flow.diagonal(), moved.diagonal()
    f_less, d_less = f[:, None] - f, d - d[:, None]
    at_ij = (f[:, None] - flow.T) * (moved.T - d[:, None]) + (flow - f) * (d - moved)
    at_ji = (f[:, None] - flow) * (moved - d[:, None]) + (flow.T - f) * (d - moved.T)
    itself = f_less * d_less + (flow - flow.T) * (moved.T - moved)
    held = liked.diagonal()
    gains: Matrix = through - at_ij - at_ji + itself - PENALTY * (liked + liked.T - held[:, None] - held)
    return gains
