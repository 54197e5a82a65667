import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Any member of the population, picked blindly, is mutated; the worst one makes room."""
    population = [[utility(initial_solution), initial_solution]]
    while language_model.times_used < language_model.budget:
        parent = random.choice(population)[1]
        text = f"Here is a program.\n```python\n{parent}\n```\nImprove it. Score:\n```python\n{utility.str}\n```"
        for child in extract_code(language_model.prompt("You evolve code.", text, 2, 0.8)):
            if child:
                population.append([utility(child), child])
        if len(population) > 5:
            population.sort(reverse=True)
            population = population[:5]
    return max(population)[1]
