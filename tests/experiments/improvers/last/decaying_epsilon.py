import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    heats = (0.3, 0.6, 0.9, 1.2)
    total, count = dict.fromkeys(heats, 0.0), dict.fromkeys(heats, 0)
    best, top, epsilon = initial_solution, utility(initial_solution), 1.0
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        if random.random() < epsilon:
            heat = random.choice(heats)
        else:
            heat = max(heats, key=lambda h: total[h] / count[h] if count[h] else 0.0)
        epsilon = max(0.1, epsilon * 0.75)
        codes = extract_code(language_model.prompt(
            "Coder", f"Improve:\n```python\n{best}\n```\n```python\n{utility.str}\n```", 3, heat))
        for code in filter(None, codes):
            value = utility(code)
            total[heat] += value - top
            count[heat] += 1
            if value > top:
                best, top = code, value
    return best
