"""Independent samples, one response for each call, on a ladder of temperatures."""
from functools import lru_cache
from itertools import cycle, islice

from helpers import extract_code

LADDER = (0.2, 0.5, 0.8, 1.1)


def improve_algorithm(initial_solution, utility, language_model):
    score = lru_cache(maxsize=None)(utility)
    message = "\n".join([
        "Improve this program so that the score function below gives more.",
        "```python", initial_solution, "```",
        "Score function:",
        "```python", utility.str, "```",
        "Answer with the whole program.",
    ])
    calls = max(1, min(language_model.budget, utility.budget - 1))

    def sample(temperature):
        return extract_code(language_model.prompt("You optimise Python programs.", message, temperature=temperature)[0])

    drawn = filter(None, map(sample, islice(cycle(LADDER), calls)))
    return max([initial_solution, *drawn], key=score)
