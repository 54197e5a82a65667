import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """A draw from each hint's Beta posterior decides which is given."""
    hints = {"Make it faster.": [1, 1], "Tune its numbers.": [1, 1], "Restructure it.": [1, 1]}
    best, score = initial_solution, utility(initial_solution)
    while utility.uses < utility.budget and language_model.times_used < language_model.budget:
        hint = max(hints, key=lambda h: random.betavariate(*hints[h]))
        message = f"Hint: {hint}\n\n```python\n{best}\n```\n\nIt is scored by this:\n```python\n{utility.str}\n```"
        for program in extract_code(language_model.prompt("You are a scientist.", message, 4, 0.7)):
            if not program:
                continue
            value = utility(program)
            hints[hint][0 if value > score else 1] += 1
            if value > score:
                best, score = program, value
    return best
