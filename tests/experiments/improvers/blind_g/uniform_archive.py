import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Bandit-like tree growth: any node may be expanded."""
    rng = random.Random(1)
    nodes = [(initial_solution, utility(initial_solution))]
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        parent = rng.choice(nodes)[0]
        k = min(language_model.max_responses_per_call, utility.budget - utility.uses)
        msg = f"Improve\n```python\n{parent}\n```\nwith respect to\n```python\n{utility.str}\n```"
        for c in extract_code(language_model.prompt("You are an expert computer scientist.", msg, k, temperature=0.7)):
            if c:
                nodes.append((c, utility(c)))
    return max(nodes, key=lambda n: n[1])[0]
