import math
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """In each round the three programs of the highest upper confidence bounds are expanded."""
    arms = [{"program": initial_solution, "score": utility(initial_solution), "visits": 1}]
    expertise = "You are an expert in search."
    while language_model.times_used + 3 <= language_model.budget and utility.uses + 6 <= utility.budget:
        total = sum(arm["visits"] for arm in arms)
        arms.sort(key=lambda a: a["score"] + math.sqrt(2 * math.log(total + 1) / a["visits"]) * 0.5, reverse=True)
        found = []
        for arm in arms[:3]:
            arm["visits"] += 1
            message = f"Improve:\n```python\n{arm['program']}\n```\nScored by:\n```python\n{utility.str}\n```"
            found += [p for p in extract_code(language_model.prompt(expertise, message, 2, 0.7)) if p]
        arms += [{"program": p, "score": utility(p), "visits": 1} for p in found]
    return max(arms, key=lambda a: a["score"])["program"]
