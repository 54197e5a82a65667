import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Genetic search: parents by roulette, the model merges two of them into a child."""
    role = "You breed programs."
    first = language_model.prompt(
        role, f"Write a different and better version of\n```python\n{initial_solution}\n```\n{utility.str}", 5, 1.0
    )
    population = [initial_solution] + [code for code in extract_code(first) if code]
    fitness = [utility(member) for member in population]
    for _ in range(3):
        offspring = []
        for _ in range(2):
            mum, dad = random.choices(population, weights=[f + 1e-3 for f in fitness], k=2)
            merge = (
                "Combine the strengths of both programs in a single one.\n"
                f"A:\n```python\n{mum}\n```\nB:\n```python\n{dad}\n```\nThe score:\n{utility.str}"
            )
            offspring += [code for code in extract_code(language_model.prompt(role, merge, 2, 1.0)) if code]
        population += offspring
        fitness += [utility(member) for member in offspring]
        order = sorted(range(len(population)), key=lambda i: fitness[i], reverse=True)[:6]
        population = [population[i] for i in order]
        fitness = [fitness[i] for i in order]
    return population[0]
