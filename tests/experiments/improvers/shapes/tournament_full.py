import random

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Regularised evolution: of a random sample of the living the best is mutated, and the oldest dies."""
    living = [(initial_solution, utility(initial_solution))]
    best = living[0]
    for _ in range(language_model.budget):
        sample = random.sample(living, min(3, len(living)))
        parent = max(sample, key=lambda member: member[1])[0]
        prompt = f"Mutate:\n```python\n{parent}\n```\nGoal:\n```python\n{utility.str}\n```"
        for child in extract_code(language_model.prompt("You mutate programs.", prompt, 2, 0.9)):
            if child:
                living.append((child, utility(child)))
                best = max(best, living[-1], key=lambda member: member[1])
        living = living[-8:]
    return best[0]
