"""Information set decoding (Prange; Lee and Brickell with p up to 2) for the light solution of few equations."""

import time

import numpy as np


def reduced(train, parity, order):
    """Row-reduced over two elements the columns in `order`."""
    work = np.concatenate([train[:, order], parity[:, None]], axis=1).astype(bool)
    lead, row = [], 0
    for c in range(work.shape[1] - 1):
        p = row + int(work[row:, c].argmax())
        if not work[p, c]:
            continue
        if p != row:
            work[[row, p]] = work[[p, row]]
        others = work[:, c].copy()
        others[row] = False
        work[others] ^= work[row]
        lead.append(c)
        row += 1
        if row == len(work):
            break
    free = np.setdiff1d(np.arange(work.shape[1] - 1), lead)
    return np.array(lead), free, work[:, free], work[:, -1]


def algorithm(train_samples, train_parity, test_samples):
    until = time.process_time() + 0.095
    rng = np.random.default_rng(0)
    m, b = train_samples.shape
    best, lightest = np.zeros(b, dtype=np.int64), b
    while time.process_time() < until and lightest > 1:
        order = rng.permutation(b)
        lead, free, columns, right = reduced(train_samples, train_parity, order)
        packed = np.packbits(columns, axis=0).T.copy()
        packed = np.ascontiguousarray(np.pad(packed, ((0, 0), (0, -packed.shape[1] % 8)))).view(np.uint64)
        goal = np.packbits(right)
        goal = np.pad(goal, (0, -len(goal) % 8)).view(np.uint64)
        rests = np.concatenate([goal[None], packed ^ goal])
        light = np.bitwise_count(rests).sum(axis=1) + (np.arange(len(rests)) > 0)
        first = int(light.argmin())
        if light[first] < lightest:
            lightest = int(light[first])
            best = solution(b, order, lead, free, columns, right, [first - 1])
        for i in range(len(packed) - 1):
            light = np.bitwise_count(packed[i + 1 :] ^ rests[i + 1]).sum(axis=1) + 2
            j = int(light.argmin())
            if light[j] < lightest:
                lightest, best = int(light[j]), solution(b, order, lead, free, columns, right, [i, i + 1 + j])
    return (test_samples @ best % 2).tolist()


def solution(b, order, lead, free, columns, right, chosen):
    found = np.zeros(b, dtype=np.int64)
    rest = right.copy()
    for k in chosen:
        if k >= 0:
            found[order[free[k]]] = 1
            rest = rest ^ columns[:, k]
    found[order[lead[rest[: len(lead)]]]] = 1
    return found
