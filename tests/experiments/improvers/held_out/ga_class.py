import random
from helpers import extract_code


class Evolution:
    def __init__(self, seed, utility, model):
        self.utility, self.model = utility, model
        self.population, self.fitnesses = [seed], {}

    def fitness(self, program):
        if program not in self.fitnesses:
            self.fitnesses[program] = self.utility(program)
        return self.fitnesses[program]

    def pick(self):
        group = random.sample(self.population, min(3, len(self.population)))
        return max(group, key=self.fitness)

    def generation(self):
        children = []
        for _ in range(3):
            mother, father = self.pick(), self.pick()
            message = (
                "Two parent programs follow. Write their child, with the strengths of each.\n"
                f"Parent A:\n```python\n{mother}\n```\nParent B:\n```python\n{father}\n```"
            )
            child = extract_code(self.model.prompt("You breed programs.", message, 1, 0.9)[0])
            if child:
                children.append(child)
        everybody = list(dict.fromkeys(self.population + children))
        self.population = sorted(everybody, key=self.fitness, reverse=True)[:6]


def improve_algorithm(initial_solution, utility, language_model):
    evolution = Evolution(initial_solution, utility, language_model)
    message = f"Improve:\n```python\n{initial_solution}\n```\n{utility.str}"
    evolution.population += [p for p in extract_code(language_model.prompt("Expert.", message, 4, 0.9)) if p]
    while language_model.times_used + 3 <= language_model.budget:
        evolution.generation()
    return evolution.population[0]
