import asyncio

from helpers import extract_code


class Beam:
    def __init__(self, utility, model, width=3):
        self.utility, self.model, self.width = utility, model, width
        self.scores = {}

    async def score(self, code):
        if code not in self.scores:
            self.scores[code] = await asyncio.to_thread(self.utility, code)
        return self.scores[code]

    async def expand(self, code):
        message = f"Program:\n```python\n{code}\n```\nGive a better one. The measure is\n```python\n{self.utility.str}\n```"
        answers = await asyncio.to_thread(self.model.prompt, "You optimise programs.", message, 3, 0.8)
        return [answer for answer in extract_code(answers) if answer]

    async def run(self, start):
        beam = [start]
        await self.score(start)
        for _ in range(self.model.budget // self.width):
            grown = await asyncio.gather(*(self.expand(code) for code in beam))
            pool = list(dict.fromkeys(beam + [code for codes in grown for code in codes]))
            await asyncio.gather(*(self.score(code) for code in pool))
            beam = sorted(pool, key=self.scores.get, reverse=True)[: self.width]
        return beam[0]


def improve_algorithm(initial_solution, utility, language_model):
    return asyncio.run(Beam(utility, language_model).run(initial_solution))
