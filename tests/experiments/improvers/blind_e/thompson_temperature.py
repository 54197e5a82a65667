import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    # Beta posterior for every sampling temperature: did a call at it improve the best?
    arms = {0.2: [1, 1], 0.5: [1, 1], 0.8: [1, 1], 1.1: [1, 1]}
    best, top = initial_solution, utility(initial_solution)
    while language_model.times_used < language_model.budget:
        t = max(arms, key=lambda a: random.betavariate(*arms[a]))
        msg = f"Improve this Python program with respect to the utility.\n\n```python\n{best}\n```\n\nUtility:\n{utility.str}"
        won = False
        for code in extract_code(language_model.prompt("Expert in optimization", msg, n_responses=2, temperature=t)):
            if code:
                s = utility(code)
                if s > top:
                    best, top, won = code, s, True
        arms[t][0 if won else 1] += 1
    return best
