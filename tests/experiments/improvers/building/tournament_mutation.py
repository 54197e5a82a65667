import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Evolution without crossing: parents win small tournaments, the model mutates, the worst dies."""
    population = [(initial_solution, utility(initial_solution))]
    while language_model.times_used < language_model.budget and utility.uses + 2 <= utility.budget:
        parent = max(random.choices(population, k=2), key=lambda member: member[1])[0]
        message = f"Mutate this program:\n```python\n{parent}\n```\nFitness:\n```python\n{utility.str}\n```"
        for program in extract_code(language_model.prompt("You mutate.", message, n_responses=2, temperature=1.0)):
            if program:
                population.append((program, utility(program)))
        while len(population) > 10:
            population.remove(min(population, key=lambda member: member[1]))
    return max(population, key=lambda member: member[1])[0]
