"""A Gaussian process with a quadratic trend; width and noise are those that predict each point best from the others."""

import numpy as np


def algorithm(x, y, x_new):
    mean, spread = y.mean(), y.std() + 1e-12
    target = (y - mean) / spread
    within = ((x[:, None] - x[None]) ** 2).sum(axis=2)
    across = ((x_new[:, None] - x[None]) ** 2).sum(axis=2)
    best = None
    for width in (0.5, 0.8, 1.2, 1.8, 2.7, 4.0, 6.0):
        for trend in (0.0, 0.1):
            for noise in (1e-8, 1e-5, 1e-3):
                kernel = np.exp(-within / (2 * width**2)) + trend * (1 + x @ x.T) ** 2
                inverse = np.linalg.inv(kernel + noise * np.eye(len(x)))
                error = np.mean((inverse @ target / inverse.diagonal()) ** 2)
                if best is None or error < best[0]:
                    best = error, width, trend, inverse @ target
    _, width, trend, weights = best
    kernel = np.exp(-across / (2 * width**2)) + trend * (1 + x_new @ x.T) ** 2
    return (mean + spread * (kernel @ weights)).tolist()
