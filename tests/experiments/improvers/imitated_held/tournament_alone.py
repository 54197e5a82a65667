import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Who wins a tournament of two is mutated by the model; nothing is crossed."""
    herd = [(utility(initial_solution), initial_solution)] * 2
    for generation in range(7):
        left, right = random.sample(herd, 2)
        winner = left if left[0] >= right[0] else right
        message = f"Improve:\n```python\n{winner[1]}\n```\nFitness:\n```python\n{utility.str}\n```"
        for code in extract_code(language_model.prompt("Breeder", message, 2, 0.8)):
            if code:
                herd.append((utility(code), code))
        herd = sorted(herd, key=lambda h: h[0], reverse=True)[:6]
    return herd[0][1]
