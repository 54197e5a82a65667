"""2-opt on lists of neighbours, then kicks: two short neighbouring stretches change places, and 2-opt mends it.

What is longer after that is undone, move by move (Johnson and McGeoch 1997, iterated local search).
"""

import random
import time

import numpy as np


def algorithm(points):
    until = time.process_time() + 0.125
    n = len(points)
    distances = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    near = np.argsort(distances, axis=1)[:, 1:8].tolist()
    d = distances.tolist()
    trip = nearest(n, d)
    place = [0] * n
    for i, v in enumerate(trip):
        place[v] = i

    def turn(i, j):
        """The nodes at places i to j, around the end, the other way; or all others, if they are fewer."""
        inside = (j - i) % n + 1
        if 2 * inside > n:
            i, j, inside = (j + 1) % n, (i - 1) % n, n - inside
        for _ in range(inside // 2):
            a, b = trip[i], trip[j]
            trip[i], trip[j], place[a], place[b] = b, a, j, i
            i, j = i + 1 if i + 1 < n else 0, j - 1 if j else n - 1

    def improve(a, made):
        for step in (1, -1):
            b = trip[(place[a] + step) % n]
            ab = d[a][b]
            for c in near[a]:
                gain = ab - d[a][c]
                if gain <= 1e-12:
                    break
                e = trip[(place[c] + step) % n]
                gain += d[c][e] - d[b][e]
                if gain > 1e-12:
                    made.append((place[b], place[c]) if step == 1 else (place[a], place[e]))
                    turn(*made[-1])
                    return (a, b, c, e), gain
        return (), 0.0

    def settle(queue, made):
        gained = 0.0
        while queue:
            ends, gain = improve(queue.pop(), made)
            gained += gain
            queue.extend(ends)
        return gained

    def put(begin, line):
        for i, v in enumerate(line, begin):
            trip[i % n], place[v] = v, i % n

    settle(random.sample(range(n), n), [])
    while time.process_time() < until:
        i, one, two = random.randrange(n), random.randint(1, 25), random.randint(1, 25)
        line = [trip[(i + k) % n] for k in range(one + two)]
        before, after = trip[i - 1], trip[(i + one + two) % n]
        first, last, start, end = line[0], line[one - 1], line[one], line[-1]
        longer = d[before][start] + d[end][first] + d[last][after] - d[before][first] - d[last][start] - d[end][after]
        put(i, line[one:] + line[:one])
        made = []
        if settle([before, after, first, last, start, end], made) < longer - 1e-12:
            for move in reversed(made):
                turn(*move)
            put(i, line)
    return trip


def nearest(n, d):
    left, trip = set(range(1, n)), [0]
    while left:
        trip.append(min(left, key=d[trip[-1]].__getitem__))
        left.remove(trip[-1])
    return trip
