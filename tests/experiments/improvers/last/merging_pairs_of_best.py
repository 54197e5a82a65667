import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Sampled parents, told with their scores, are merged by the model."""
    text = f"Write another version:\n```python\n{initial_solution}\n```\n```python\n{utility.str}\n```"
    tribe = [(utility(c), c) for c in extract_code(language_model.prompt("Coder", text, 5, 0.8)) if c]
    for _ in range(6):
        tribe = sorted(tribe, reverse=True)[:5]
        (x, one), (y, two) = random.sample(tribe, 2)
        merge = (
            f"First parent, score {x:.3f}:\n```python\n{one}\n```\nSecond parent, score {y:.3f}:\n```python\n{two}\n```\n"
            f"Write one child that has the best of both.\n{utility.str}"
        )
        tribe += [(utility(c), c) for c in extract_code(language_model.prompt("Coder", merge, 2, 0.8)) if c]
    return max(tribe)[1]
