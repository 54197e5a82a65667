import asyncio, math, random
from helpers import extract_code

BETA = 12.0


class Archive(list):
    def add(self, prog, score):
        self.append((score, prog))

    def sample(self, rng):
        hi = max(s for s, _ in self)
        w = [math.exp(BETA * (s - hi)) for s, _ in self]
        return rng.choices(self, w)[0]

    @property
    def top(self):
        return max(self)[1]


def improve_algorithm(initial_solution, utility, language_model):
    rng, A = random.Random(7), Archive()
    A.add(initial_solution, utility(initial_solution))

    async def ev(ps):
        sem = asyncio.Semaphore(4)

        async def one(p):
            async with sem:
                return await asyncio.to_thread(utility, p)
        return await asyncio.gather(*map(one, ps))

    while language_model.times_used < language_model.budget:
        k = min(language_model.max_responses_per_call, utility.budget - utility.uses)
        if k < 1:
            break
        batch = []
        for _ in range(k):
            s, p = A.sample(rng)
            batch.append(f"Score now: {s:.3f}\n{utility.feedback(p)}\n\n```python\n{p}\n```\n\nWrite a better program for this utility:\n```python\n{utility.str}\n```")
        kids = [c for c in map(extract_code, language_model.batch_prompt("Optimizer.", batch, temperature=0.8)) if c]
        for c, v in zip(kids, asyncio.run(ev(kids))):
            A.add(c, v)
    return A.top
