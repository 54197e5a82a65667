import random
from helpers import extract_code


class Evolution:
    def __init__(self, utility, language_model):
        self.utility = utility
        self.lm = language_model
        self.fitness = {}

    def score(self, program):
        if program not in self.fitness:
            if len(self.fitness) >= self.utility.budget:
                return 0.0
            self.fitness[program] = self.utility(program)
        return self.fitness[program]

    def tournament(self, population, k=3):
        return max(random.sample(population, min(k, len(population))), key=self.score)

    def crossover(self, a, b):
        la, lb = a.split("\n"), b.split("\n")
        for _ in range(10):
            cut = random.randint(1, max(1, min(len(la), len(lb)) - 1))
            child = "\n".join(la[:cut] + lb[cut:])
            try:
                compile(child, "child", "exec")
            except (SyntaxError, ValueError):
                continue
            if child not in (a, b):
                return child
        return a

    def mutate(self, program):
        message = f"""Here is a program:
```python
{program}
```
It is scored by: {self.utility.str}
Make a small change that could raise its score. Return the complete program in a code block."""
        answers = self.lm.prompt("You are a careful Python programmer.", message,
                                 n_responses=min(5, self.lm.max_responses_per_call), temperature=0.8)
        return [c for c in extract_code(answers) if c]


def improve_algorithm(initial_solution, utility, language_model):
    evo = Evolution(utility, language_model)
    evo.score(initial_solution)
    population = [initial_solution] + evo.mutate(initial_solution)
    population_size = 8
    for generation in range(min(language_model.budget, 14) - 1):
        parent = evo.tournament(population)
        children = evo.mutate(parent)
        for _ in range(2):
            children.append(evo.crossover(evo.tournament(population), evo.tournament(population)))
        population = list(dict.fromkeys(population + children))
        population.sort(key=evo.score, reverse=True)
        population = population[:population_size]
    return max(evo.fitness, key=evo.fitness.get)
