import math
import random
from helpers import extract_code


class Annealer:
    def __init__(self, utility, model):
        self.utility, self.model, self.heat = utility, model, 0.2
        self.known = {}

    def score(self, program):
        if program not in self.known:
            self.known[program] = self.utility(program)
        return self.known[program]

    def accepts(self, old, new):
        return new >= old or random.random() < math.exp((new - old) / self.heat)

    def neighbour(self, program):
        text = f"A small change, please:\n```python\n{program}\n```\n```python\n{self.utility.str}\n```"
        return next(filter(None, extract_code(self.model.prompt("Coder", text, 2, 0.8))), program)


def improve_algorithm(initial_solution, utility, language_model):
    search = Annealer(utility, language_model)
    now = best = initial_solution
    for _ in range(16):
        new = search.neighbour(now)
        if search.accepts(search.score(now), search.score(new)):
            now = new
        best = max(best, now, key=search.score)
        search.heat *= 0.85
    return best
