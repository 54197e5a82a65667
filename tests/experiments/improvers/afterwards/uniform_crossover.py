import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Line by line one parent's or the other's; scores are told to the mutating model, and kept."""
    scores = {}

    def fit(program):
        if program not in scores:
            scores[program] = utility(program)
        return scores[program]

    message = f"Write a variant:\n```python\n{initial_solution}\n```\nFitness:\n```python\n{utility.str}\n```"
    population = [p for p in extract_code(language_model.prompt("Expert.", message, 5, 0.9)) if p]
    for _ in range(5):
        population = sorted(set(population), key=fit, reverse=True)[:5]
        a, b = random.sample(population, 2) if len(population) > 1 else (population[0],) * 2
        lines = [random.choice(pair) for pair in zip(a.split("\n"), b.split("\n"))]
        population.append("\n".join(lines))
        told = f"This one has fitness {fit(population[0]):.5f}:\n```python\n{population[0]}\n```\nWrite a fitter one."
        population += [p for p in extract_code(language_model.prompt("Expert.", told, 2, 0.9)) if p]
    return max(population, key=fit)
