import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    scores = {}

    def fit(program):
        if program not in scores:
            scores[program] = utility(program)
        return scores[program]

    def ask(program, n):
        text = f"Mutate (one change only):\n```python\n{program}\n```\nFitness:\n```python\n{utility.str}\n```"
        return [p for p in extract_code(language_model.prompt("Evolution expert", text, n, 0.9)) if p]

    def cross(one, two):
        return "\n".join(random.choice(pair) for pair in zip(one.splitlines(), two.splitlines()))

    population = [initial_solution, *ask(initial_solution, 5)]
    for generation in range(4):
        population.sort(key=fit, reverse=True)
        elite = population[:3]
        children = []
        for _ in range(4):
            child = cross(*random.sample(elite, 2)) if len(elite) > 1 else elite[0]
            if random.random() < 0.3:
                child = (ask(child, 1) or [child])[0]
            children.append(child)
        population = elite + children
    return max(population, key=fit)
