"""Penalties for overlap that grow, by Adam, from several random starts at once; the best packing is returned."""

import time

import numpy as np

WALLS = np.array([0.0, 1.0])


def algorithm(n):
    until = time.process_time() + 0.34
    rng = np.random.default_rng(0)
    best, most = np.full((n, 3), 0.0), -1.0
    while time.process_time() < until:
        circles = descended(rng, n, min(until, time.process_time() + 0.11))
        total = circles[:, 2].sum()
        if total > most:
            best, most = circles, total
    return best.tolist()


def descended(rng, n, until):
    z = np.concatenate([rng.random((n, 2)), np.full((n, 1), 0.35 / np.sqrt(n))], axis=1)
    mean, square = np.zeros_like(z), np.zeros_like(z)
    begin = time.process_time()
    done, t = 0.0, 0
    while done < 1:
        t += 1
        weight = 5 * 400**done
        x, r = z[:, :2], z[:, 2]
        between = x[:, None] - x[None]
        apart = np.sqrt((between**2).sum(axis=2)) + 1e-12
        np.fill_diagonal(apart, 9.0)
        over = np.maximum(0, r[:, None] + r - apart)
        low, high = np.maximum(0, r[:, None] - x), np.maximum(0, x + r[:, None] - 1)
        slope = np.empty_like(z)
        slope[:, :2] = 2 * weight * (high - low - ((over / apart)[:, :, None] * between).sum(axis=1))
        slope[:, 2] = -1 + 2 * weight * (over.sum(axis=1) + (low + high).sum(axis=1))
        mean = 0.9 * mean + 0.1 * slope
        square = 0.98 * square + 0.02 * slope**2
        z = z - 0.04 * (1.02 - done) * (mean / (1 - 0.9**t)) / (np.sqrt(square / (1 - 0.98**t)) + 1e-9)
        z[:, :2] = np.clip(z[:, :2], 0, 1)
        z[:, 2] = np.maximum(z[:, 2], 0)
        done = (time.process_time() - begin) / (until - begin)
    return feasible(z)


def feasible(z):
    """Radii one after the other as large as they may be, several times over."""
    x, r = z[:, :2], z[:, 2].copy()
    wall = np.minimum(x, 1 - x).min(axis=1)
    apart = np.sqrt(((x[:, None] - x[None]) ** 2).sum(axis=2))
    np.fill_diagonal(apart, 9.0)
    both = r[:, None] + r
    r *= min(1.0, float((apart / both).min()), float((wall / r.clip(1e-9)).min()))
    for i in np.argsort(-r):
        r[i] = max(r[i], min(wall[i], float((apart[i] - r).min())))
    return np.concatenate([x, r[:, None]], axis=1)
