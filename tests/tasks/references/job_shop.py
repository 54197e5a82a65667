"""Tabu search over swaps at the ends of blocks on a critical path (Nowicki and Smutnicki 1996), from a dispatch rule.

A schedule is the order on each machine; heads and tails in one pass each give all makespans after a swap, next to.
"""

import random
import time


def algorithm(machines, durations):
    until = time.process_time() + 0.165
    jobs, operations = machines.shape
    n = jobs * operations
    machine = machines.ravel().tolist()
    takes = durations.ravel().tolist()
    job_before = [i - 1 if i % operations else -1 for i in range(n)]
    job_after = [i + 1 if (i + 1) % operations else -1 for i in range(n)]

    def dispatched():
        """Most work left first, of those that can start soonest."""
        done, job_free, machine_free = [0] * jobs, [0] * jobs, [0] * operations
        left = durations.sum(axis=1).tolist()
        lines = [[] for _ in range(operations)]
        for _ in range(n):
            ready = [j for j in range(jobs) if done[j] < operations]
            start = {j: max(job_free[j], machine_free[machine[j * operations + done[j]]]) for j in ready}
            soonest = min(start[j] + takes[j * operations + done[j]] for j in ready)
            m = next(
                machine[j * operations + done[j]]
                for j in ready
                if start[j] + takes[j * operations + done[j]] == soonest
            )
            rivals = [j for j in ready if machine[j * operations + done[j]] == m and start[j] < soonest]
            j = max(rivals, key=lambda j: left[j] + 20 * random.random())
            i = j * operations + done[j]
            job_free[j] = machine_free[m] = start[j] + takes[i]
            left[j] -= takes[i]
            done[j] += 1
            lines[m].append(i)
        return lines

    def measured(lines):
        """Heads, tails, an order of all operations and neighbours on machines; None where the lines have a circle."""
        before, after = [-1] * n, [-1] * n
        for line in lines:
            for a, b in zip(line, line[1:]):
                after[a], before[b] = b, a
        waits = [(job_before[i] >= 0) + (before[i] >= 0) for i in range(n)]
        order = [i for i in range(n) if waits[i] == 0]
        head = [0] * n
        for i in order:
            end = head[i] + takes[i]
            for k in (job_after[i], after[i]):
                if k >= 0:
                    if head[k] < end:
                        head[k] = end
                    waits[k] -= 1
                    if waits[k] == 0:
                        order.append(k)
        return head, before, order

    def blocks(head, before):
        """Pairs to swap: first and last two of each block of one critical path."""
        i = max(range(n), key=lambda i: head[i] + takes[i])
        path = [i]
        while head[i]:
            p = before[i]
            i = p if p >= 0 and head[p] + takes[p] == head[i] else job_before[i]
            path.append(i)
        path.reverse()
        pairs, start = [], 0
        for k in range(1, len(path) + 1):
            if k == len(path) or machine[path[k]] != machine[path[start]]:
                if k - start > 1:
                    if start > 0:
                        pairs.append((path[start], path[start + 1]))
                    if k < len(path):
                        pairs.append((path[k - 2], path[k - 1]))
                start = k
        return list(dict.fromkeys(pairs))

    lines = dispatched()
    head, before, order = measured(lines)
    length = max(head[i] + takes[i] for i in range(n))
    best, shortest = order, length
    tabu, step = {}, 0
    while time.process_time() < until:
        step += 1
        tried = []
        for a, b in blocks(head, before):
            line = lines[machine[a]]
            k = line.index(a)
            line[k], line[k + 1] = b, a
            heads, befores, orders = measured(lines)
            tried.append((max(heads[i] + takes[i] for i in range(n)), random.random(), a, b, heads, befores, orders))
            line[k], line[k + 1] = a, b
            if time.process_time() > until:
                break
        allowed = [move for move in tried if tabu.get((move[3], move[2]), 0) <= step or move[0] < shortest]
        if not tried:
            break
        length, _, a, b, head, before, order = min(allowed or [random.choice(tried)])
        line = lines[machine[a]]
        k = line.index(a)
        line[k], line[k + 1] = b, a
        tabu[a, b] = step + random.randint(8, 16)
        if length < shortest:
            best, shortest = order, length
    return [i // operations for i in best]
