import itertools
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Hints and temperatures take turns, whatever came of them."""
    plan = itertools.cycle([("Simplify.", 0.3), ("Speed it up.", 0.6), ("Find another method.", 0.9)])
    best, best_score = initial_solution, utility(initial_solution)
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        hint, heat = next(plan)
        message = f"{hint}\n```python\n{best}\n```\nThe score comes from:\n```python\n{utility.str}\n```"
        for program in extract_code(language_model.prompt("Expert.", message, 4, heat)):
            if program:
                score = utility(program)
                if score > best_score:
                    best, best_score = program, score
    return best
