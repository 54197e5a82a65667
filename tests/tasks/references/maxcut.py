"""Simulated annealing over single nodes on lists of neighbours, cooled as the time runs out, then downhill."""

import math
import random
import time


def algorithm(weights):
    began = time.process_time()
    chance, n = random.random, len(weights)
    around = [[] for _ in range(n)]
    for i, j in zip(*(index.tolist() for index in weights.nonzero())):
        around[i].append((j, int(weights[i, j])))
    sides = [random.choice((-1, 1)) for _ in range(n)]
    gains = [sides[i] * sum(w * sides[j] for j, w in around[i]) for i in range(n)]

    def flip(i):
        gains[i] = -gains[i]
        sides[i] = -sides[i]
        twice = 2 * sides[i]
        for j, w in around[i]:
            gains[j] += twice * sides[j] * w

    start = time.process_time()
    span = 0.165 - (start - began)
    done = 0.0
    while done < 1:
        heat = 2.0 * (0.25 / 2.0) ** done
        likely = [math.exp(-g / heat) for g in range(64)]
        for i in range(n):
            if gains[i] >= 0 or chance() < likely[min(63, -gains[i])]:
                flip(i)
        done = (time.process_time() - start) / span
    better = True
    while better and time.process_time() - began < 0.185:
        better = False
        for i in range(n):
            if gains[i] > 0:
                flip(i)
                better = True
    return [(side + 1) // 2 for side in sides]
