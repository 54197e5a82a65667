from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from helpers import extract_code


@dataclass
class Candidate:
    code: str
    value: float


class GenerationBeam:
    """Each generation replaces the previous one entirely; only the record remembers the champion."""

    def __init__(self, utility, model, width=3):
        self.utility, self.model, self.width = utility, model, width
        self.calls = model.budget
        self.scores = utility.budget

    def evaluate(self, codes):
        codes = codes[: self.scores]
        self.scores -= len(codes)
        with ThreadPoolExecutor(max_workers=4) as pool:
            values = list(pool.map(self.utility, codes))
        return [Candidate(c, v) for c, v in zip(codes, values)]

    def children(self, parent):
        count = min(self.model.max_responses_per_call, self.scores)
        if self.calls < 1 or count < 1:
            return []
        self.calls -= 1
        text = f"""This program currently reaches a score of {parent.value:.4f}:
```python
{parent.code}
```
The score is computed like this:
```python
{self.utility.str}
```
Reason about what limits the score, then write a complete better program."""
        replies = self.model.batch_prompt("You optimise programs.", [text] * count, temperature=0.7)
        return self.evaluate([c for c in extract_code(replies) if c])

    def run(self, start):
        generation = self.evaluate([start])
        champion = generation[0]
        while self.calls > 0 and self.scores > 0:
            offspring = []
            for parent in generation:
                offspring.extend(self.children(parent))
            if not offspring:
                break
            offspring.sort(key=lambda c: c.value, reverse=True)
            generation = offspring[: self.width]
            if generation[0].value > champion.value:
                champion = generation[0]
        return champion.code


def improve_algorithm(initial_solution, utility, language_model):
    return GenerationBeam(utility, language_model).run(initial_solution)
