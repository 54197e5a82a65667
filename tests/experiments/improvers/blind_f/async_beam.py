import asyncio
from typing import NamedTuple

from helpers import extract_code


class Candidate(NamedTuple):
    score: float
    code: str


WIDTH = 2
TEMPERATURES = (0.3, 0.7, 1.1)  # one for each sample: a safe one, a normal one, a wild one
SYSTEM = "You are a senior engineer. Answer with one complete Python program."


def build_message(code, objective):
    return "\n".join([
        "Improve the program below; keep its interface.",
        "```python", code, "```",
        "Objective:",
        "```python", objective, "```",
    ])


class AsyncBeam:
    def __init__(self, utility, model):
        self.utility = utility
        self.model = model

    def calls_left(self):
        return self.model.budget - self.model.times_used

    def scores_left(self):
        return self.utility.budget - self.utility.uses

    async def propose(self, candidate, n):
        message = build_message(candidate.code, self.utility.str)
        answers = await asyncio.to_thread(
            self.model.prompt, SYSTEM, message, n_responses=n, temperature=list(TEMPERATURES[:n]))
        return [code for code in extract_code(answers) if code]

    async def score(self, code):
        return Candidate(await asyncio.to_thread(self.utility, code), code)

    async def level(self, beam):
        parents = beam[:self.calls_left()]
        n = min(len(TEMPERATURES), self.model.max_responses_per_call, max(1, self.scores_left() // len(parents)))
        proposals = await asyncio.gather(*(self.propose(parent, n) for parent in parents))
        codes = [code for group in proposals for code in group][:self.scores_left()]
        children = await asyncio.gather(*(self.score(code) for code in codes))
        pool = list(beam) + list(children)
        pool.sort(key=lambda c: c.score, reverse=True)
        return pool[:WIDTH]

    async def run(self, start):
        beam = [await self.score(start)]
        while self.calls_left() > 0 and self.scores_left() > 0:
            beam = await self.level(beam)
        return beam[0].code


def improve_algorithm(initial_solution, utility, language_model):
    return asyncio.run(AsyncBeam(utility, language_model).run(initial_solution))
