import random
from helpers import extract_code
from language_model import LanguageModel


def improve_algorithm(initial_solution, utility_str, utility):
    """A population with explicit fitness: lines are crossed, the model mutates."""
    model = LanguageModel("You are an expert of evolutionary computation.")

    def mutate(program):
        message = f"Mutate this program into a better one:\n```python\n{program}\n```\nScored by:\n{utility_str}"
        return extract_code(model.prompt(message, n_responses=1, temperature=0.7))[0]

    def crossover(mother, father):
        a, b = mother.split("\n"), father.split("\n")
        cut = random.randint(1, max(1, min(len(a), len(b)) - 1))
        return "\n".join(a[:cut] + b[cut:])

    message = f"Improve:\n```python\n{initial_solution}\n```\nScored by:\n{utility_str}"
    population = [p for p in extract_code(model.prompt(message, n_responses=6, temperature=0.9)) if p]
    for generation in range(4):
        fitness = {program: utility(program) for program in population}
        parents = sorted(population, key=lambda program: fitness[program], reverse=True)[:4]
        children = []
        while len(children) < 4:
            mother, father = random.sample(parents, 2)
            child = crossover(mother, father)
            if random.random() < 0.4:
                child = mutate(child) or child
            children.append(child)
        population = parents + children
    return max(population, key=utility)
