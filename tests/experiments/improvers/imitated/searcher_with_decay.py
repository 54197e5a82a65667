from concurrent.futures import ThreadPoolExecutor
from helpers import extract_code


class BeamSearcher:
    def __init__(self, utility, language_model, width=2, branching=3):
        self.utility, self.language_model = utility, language_model
        self.width, self.branching = width, branching
        self.memo = {}
        self.temperature = 1.0

    def value(self, program):
        return self.memo[program]

    def evaluate_all(self, programs):
        new = [p for p in dict.fromkeys(programs) if p not in self.memo]
        with ThreadPoolExecutor(max_workers=4) as pool:
            for program, result in zip(new, pool.map(self.utility, new)):
                self.memo[program] = result

    def children(self, program):
        message = f"Propose a variant with a higher score.\n\n```python\n{program}\n```\n\n{self.utility.str}"
        out = self.language_model.prompt("Senior engineer.", message, self.branching, self.temperature)
        return [c for c in extract_code(out) if c]

    def run(self, start):
        frontier = [start]
        self.evaluate_all(frontier)
        while self.temperature > 0.3:
            pool = list(frontier)
            for program in frontier:
                pool.extend(self.children(program))
            self.evaluate_all(pool)
            frontier = sorted(set(pool), key=self.value, reverse=True)[: self.width]
            self.temperature *= 0.7
        return frontier[0]


def improve_algorithm(initial_solution, utility, language_model):
    return BeamSearcher(utility, language_model).run(initial_solution)
