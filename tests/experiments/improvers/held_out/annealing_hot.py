import math
import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """The best of several neighbours is taken, or stays out by chance; sampling is as hot as the search."""
    current = best = initial_solution
    now = top = utility(initial_solution)
    rounds = language_model.budget
    for k in range(rounds):
        heat = 1 - k / rounds
        n = min(language_model.max_responses_per_call, 3)
        message = f"Improve.\n```python\n{current}\n```\nScoring:\n```python\n{utility.str}\n```"
        neighbours = [
            p for p in extract_code(language_model.prompt("Expert.", message, n, round(0.2 + 0.8 * heat, 2))) if p
        ]
        scores = utility.batch(neighbours)
        if not scores:
            continue
        value = max(scores)
        neighbour = neighbours[scores.index(value)]
        if value > top:
            best, top = neighbour, value
        if value >= now or random.random() < math.exp((value - now) / (0.2 * heat)):
            current, now = neighbour, value
    return best
