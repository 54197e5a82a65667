"""The worth of the room that would be left: free numbers, changed at random, kept where no more bins are needed."""

import random
import time


def algorithm(capacity, sample):
    until = time.process_time() + 0.165
    random.seed(0)
    items, rooms = sample * 2, range(capacity + 1)
    sizes = sorted(set(items))
    ranked = sorted(items)

    def cost(worth, fresh):
        """Bins used, less what the half-empty ones among them can still take."""
        orders = {}
        for s in sizes:
            fitting = sorted(range(s, capacity + 1), key=lambda r: worth[r - s] - (fresh if r == capacity else 0))
            fitting.reverse()
            orders[s] = fitting[: fitting.index(capacity) + 1]
        count, used = [0] * (capacity + 1), 0
        for s in items:
            for r in orders[s]:
                if r == capacity:
                    used += 1
                    break
                if count[r]:
                    count[r] -= 1
                    break
            count[r - s] += 1
        return used - sum(count[r] * r for r in range(capacity // 3, capacity)) / capacity / 2

    def stepped(full, gap):
        """Nearly full is best, then much room; what lies between is a hole that nothing will fill."""
        return [
            10 - left / 3 if left <= full else -1 - left / 50 if left < gap else 2 - 2 * left / capacity
            for left in rooms
        ]

    starts = [
        (stepped(full * capacity // 100, ranked[len(ranked) // part]), 0.5) for full in (1, 2, 3) for part in (20, 5, 3)
    ]
    least, best = min((cost(*start), start) for start in starts)
    while time.process_time() < until:
        worth, fresh = best[0][:], best[1]
        if random.random() < 0.15:
            fresh += random.gauss(0, 0.7)
        else:
            begin, step = random.randrange(capacity), random.gauss(0, 1.5)
            for left in range(begin, min(capacity, begin + random.choice((1, 2, 4, 8, 16)))):
                worth[left] += step
        changed = cost(worth, fresh)
        if changed <= least:
            least, best = changed, (worth, fresh)
    worth, fresh = best
    return [[worth[r - s] - (fresh if r == capacity else 0) if r >= s else -1e9 for r in rooms] for s in rooms]
