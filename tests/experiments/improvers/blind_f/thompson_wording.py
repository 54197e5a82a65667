import random
from helpers import extract_code

WORDINGS = [
    "Make this program better.",
    "Find the mistake in this program and correct it.",
    "Write a completely different program for the same purpose.",
]


def improve_algorithm(initial_solution, utility, language_model):
    wins = [1, 1, 1]
    losses = [1, 1, 1]
    best, best_score = initial_solution, utility(initial_solution)
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        draws = [random.betavariate(w, l) for w, l in zip(wins, losses)]
        arm = draws.index(max(draws))
        message = f"{WORDINGS[arm]}\n```python\n{best}\n```\nIt is judged by\n```python\n{utility.str}\n```"
        response = language_model.prompt("You are a programmer.", message)[0]
        code = extract_code(response)
        score = utility(code) if code else 0
        if score > best_score:
            best, best_score = code, score
            wins[arm] += 1
        else:
            losses[arm] += 1
    return best
