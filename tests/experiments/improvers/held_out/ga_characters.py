import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Texts are cut at a character and joined; what the model gives is the first generation and the mutations."""

    def fresh(program, n):
        message = f"Vary this program:\n```python\n{program}\n```\nIt is scored by:\n```python\n{utility.str}\n```"
        return [p for p in extract_code(language_model.prompt("Expert.", message, n, 0.8)) if p]

    population = [initial_solution] + fresh(initial_solution, 5)
    for _ in range(3):
        weights = [utility(program) + 0.01 for program in population]
        offspring = []
        for _ in range(4):
            first, second = random.choices(population, weights=weights, k=2)
            point = random.randrange(min(len(first), len(second)))
            offspring.append(first[:point] + second[point:])
        strongest = population[weights.index(max(weights))]
        population = [strongest] + offspring + fresh(strongest, 2)
    return max(population, key=utility)
