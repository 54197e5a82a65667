import random
from helpers import extract_code

def improve_algorithm(initial_solution, utility, language_model):
    """A steady-state population; the parent is drawn at random."""
    population = [(utility(initial_solution), initial_solution)]
    n = min(language_model.max_responses_per_call, max(1, (utility.budget - 1) // language_model.budget))
    for _ in range(language_model.budget):
        parent = random.choice(population)[1]
        message = f"Mutate this program to improve it:\n```python\n{parent}\n```\nUtility: {utility.str}"
        children = [c for c in extract_code(language_model.prompt("You write Python.", message, n_responses=n, temperature=1.0)) if c]
        if children:
            population += list(zip(utility.batch(children), children))
        population = sorted(population, reverse=True)[:8]
    return population[0][1]
