import random
from concurrent.futures import ThreadPoolExecutor

from helpers import extract_code


def roulette(population):
    return random.choices([code for code, _ in population], weights=[0.01 + fitness for _, fitness in population], k=2)


def improve_algorithm(initial_solution, utility, language_model):
    """A genetic algorithm: parents by roulette, crossover by the model, half of the children mutated as well."""
    population = [(initial_solution, utility(initial_solution))]
    generations = language_model.budget // 2
    for generation in range(generations):
        prompts = []
        for _ in range(min(4, language_model.max_responses_per_call)):
            first, second = roulette(population)
            if first == second:
                prompts.append(f"Mutate this program:\n```python\n{first}\n```\nFitness function:\n{utility.str}")
            else:
                prompts.append(
                    f"Perform a crossover of these two parent programs.\n# Parent 1\n```python\n{first}\n```\n"
                    f"# Parent 2\n```python\n{second}\n```\nFitness function:\n{utility.str}"
                )
        children = extract_code(language_model.batch_prompt("You breed programs.", prompts, temperature=0.9))
        if generation % 2 and any(children):
            prompts = [
                f"Mutate this program:\n```python\n{child}\n```\nFitness function:\n{utility.str}"
                for child in children
                if child
            ]
            children = extract_code(language_model.batch_prompt("You breed programs.", prompts, temperature=0.9))
        children = [child for child in children if child]
        with ThreadPoolExecutor() as pool:
            population += list(zip(children, pool.map(utility, children)))
        population = sorted(population, key=lambda member: -member[1])[:8]
    return population[0][0]
