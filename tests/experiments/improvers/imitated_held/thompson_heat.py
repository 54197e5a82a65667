import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Thompson sampling over temperatures: a success is a better best."""
    arms = [{"heat": h, "wins": 1, "losses": 1} for h in (0.2, 0.5, 0.8, 1.1)]
    champion, top = initial_solution, utility(initial_solution)
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        arm = max(arms, key=lambda a: random.betavariate(a["wins"], a["losses"]))
        message = f"```python\n{champion}\n```\nImprove this with respect to\n```python\n{utility.str}\n```"
        better = False
        for code in extract_code(language_model.prompt("Expert", message, 2, arm["heat"])):
            if code:
                value = utility(code)
                if value > top:
                    champion, top, better = code, value, True
        arm["wins" if better else "losses"] += 1
    return champion
