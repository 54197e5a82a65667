"""Robust tabu search (Taillard 1991) over swaps: all gains at once by matrix products, then kept up."""

import time

import numpy as np


def algorithm(flow, distance, preference):
    until = time.process_time() + 0.12
    rng = np.random.default_rng(0)
    n = len(flow)
    places = rng.permutation(n)
    tabu = np.zeros((n, n), dtype=np.int64)
    nodes = np.arange(n)
    upper = np.tri(n, k=-1, dtype=bool).T

    def value(p):
        return float((flow * distance[np.ix_(p, p)]).sum() - 0.5 * preference[nodes, p].sum())

    def gains(p):
        moved = distance[np.ix_(p, p)]
        a, b = flow @ moved.T, flow.T @ moved
        s = a + b
        diagonal = s.diagonal()
        total = s + s.T - diagonal[:, None] - diagonal
        f, d = flow.diagonal(), moved.diagonal()
        ff, dd = f[:, None] - f, d[:, None] - d
        # the products above count k = i and k = j as if they stayed where they are: those terms out, the true ones in
        out = (flow.T - f[:, None]) * (d[:, None] - moved.T) + (f - flow) * (moved - d)
        out += (flow - f[:, None]) * (d[:, None] - moved) + (f - flow.T) * (moved.T - d)
        own = -ff * dd + (flow.T - flow) * (moved - moved.T)
        liked = preference[:, p]
        stay = liked.diagonal()
        return total - out + own - 0.5 * (liked + liked.T - stay[:, None] - stay)

    now = value(places)
    best, most = places.copy(), now
    step = 0
    while time.process_time() < until:
        step += 1
        gain = gains(places)
        free = (tabu[nodes[:, None], places] <= step) | (step >= tabu[nodes[:, None], places].T)
        allowed = upper & (free | (now + gain > most + 1e-9))
        i, j = divmod(int(np.where(allowed, gain, -np.inf).argmax()), n)
        tabu[i, places[i]] = step + rng.integers(n // 2, 3 * n // 2)
        tabu[j, places[j]] = step + rng.integers(n // 2, 3 * n // 2)
        places[i], places[j] = places[j], places[i]
        now = now + gain[i, j]
        if now > most + 1e-9:
            best, most = places.copy(), now
    return best.tolist()
