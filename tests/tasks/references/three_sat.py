"""WalkSAT (Selman, Kautz, Cohen 1994): counts of true literals are kept up, a flip costs its clauses alone."""

import random
import time


def algorithm(formula):
    until = time.process_time() + 0.075
    n = max(abs(v) for clause in formula for v in clause)
    holding = [[] for _ in range(2 * n + 1)]
    for c, clause in enumerate(formula):
        for v in clause:
            holding[v + n].append(c)
    values = [False] + [len(holding[v + n]) > len(holding[n - v]) for v in range(1, n + 1)]
    true = [sum(values[abs(v)] == (v > 0) for v in clause) for clause in formula]
    wrong = [c for c, count in enumerate(true) if count == 0]
    place = {c: i for i, c in enumerate(wrong)}
    best, fewest, steps = values[:], len(wrong), 0
    while wrong:
        steps += 1
        if steps % 64 == 0 and time.process_time() > until:
            break
        clause = formula[wrong[int(random.random() * len(wrong))]]
        least, chosen = 10**9, []
        for v in clause:
            broken = sum(true[c] == 1 for c in holding[n - v])
            if broken < least:
                least, chosen = broken, [v]
            elif broken == least:
                chosen.append(v)
        v = random.choice(clause) if least and random.random() < 0.45 else random.choice(chosen)
        values[abs(v)] = v > 0
        for c in holding[n + v]:
            true[c] += 1
            if true[c] == 1:
                last, i = wrong.pop(), place.pop(c)
                if last != c:
                    wrong[i], place[last] = last, i
        for c in holding[n - v]:
            true[c] -= 1
            if true[c] == 0:
                place[c] = len(wrong)
                wrong.append(c)
        if len(wrong) < fewest:
            fewest, best = len(wrong), values[:]
    return values if not wrong else best
