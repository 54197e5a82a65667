import random
from concurrent.futures import ThreadPoolExecutor

from helpers import extract_code


def two_point(a, b):
    a, b = a.split("\n"), b.split("\n")
    i, j = sorted(random.sample(range(1, min(len(a), len(b))), 2))
    return "\n".join(a[:i] + b[i:j] + a[j:])


def improve_algorithm(initial_solution, utility, language_model):
    fitness = {initial_solution: utility(initial_solution)}
    with ThreadPoolExecutor(4) as pool:

        def measure(codes):
            new = [c for c in dict.fromkeys(codes) if c and c not in fitness]
            fitness.update(zip(new, pool.map(utility, new)))

        for generation in range(language_model.budget):
            ranked = sorted(fitness, key=fitness.get, reverse=True)[:6]
            if len(ranked) > 1:
                measure([two_point(*random.sample(ranked, 2)) for _ in range(2)])
            parent = random.choice(ranked)
            prompt = f"Mutate this individual:\n```python\n{parent}\n```\nFitness:\n```python\n{utility.str}\n```"
            measure(extract_code(language_model.prompt("Mutation operator", prompt, n_responses=3, temperature=1.0)))
    return max(fitness, key=fitness.get)
