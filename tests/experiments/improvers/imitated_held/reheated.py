import math
import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Simulated annealing that is heated again after some rejections."""
    program, score = initial_solution, utility(initial_solution)
    best, best_score = program, score
    heat, rejected = 0.3, 0
    for _ in range(min(language_model.budget, 12)):
        text = f"Suggest a neighbouring solution.\n```python\n{program}\n```\n```python\n{utility.str}\n```"
        options = [o for o in extract_code(language_model.prompt("Annealing", text, 2, 0.8)) if o]
        if not options:
            continue
        option = random.choice(options)
        value = utility(option)
        if value > score or math.exp((value - score) / heat) > random.random():
            program, score, rejected = option, value, 0
        else:
            rejected += 1
        if value > best_score:
            best, best_score = option, value
        heat = 0.3 if rejected >= 4 else heat * 0.85
    return best
