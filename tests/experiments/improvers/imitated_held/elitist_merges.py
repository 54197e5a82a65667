import itertools
from concurrent.futures import ThreadPoolExecutor
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """The elite stays, all pairs of it are merged by the model."""

    def fitnesses(programs):
        with ThreadPoolExecutor(max_workers=6) as pool:
            return list(pool.map(utility, programs))

    opening = language_model.prompt(
        "Creative programmer", f"Write a new version:\n```python\n{initial_solution}\n```\n{utility.str}", 5, 0.9
    )
    population = [initial_solution] + [p for p in extract_code(opening) if p]
    ranking = sorted(zip(fitnesses(population), population), reverse=True)[:3]
    for generation in range(2):
        messages = [
            f"Cross these two programs, keep the best of each.\n# first\n{a}\n# second\n{b}\n# goal\n{utility.str}"
            for (_, a), (_, b) in itertools.combinations(ranking, 2)
        ]
        young = [p for p in extract_code(language_model.batch_prompt("Geneticist", messages, temperature=0.8)) if p]
        ranking = sorted(ranking + list(zip(fitnesses(young), young)), reverse=True)[:3]
    return ranking[0][1]
