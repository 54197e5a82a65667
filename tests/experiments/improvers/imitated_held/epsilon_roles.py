import random
from collections import defaultdict
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """An epsilon-greedy choice of the role; all roles work on the best program."""
    roles = ["a mathematician", "a systems programmer", "a competitive programmer", "a physicist"]
    history = defaultdict(list)
    best, best_u = initial_solution, utility(initial_solution)
    turn = 0
    while turn < language_model.budget and utility.uses < utility.budget:
        unseen = [r for r in roles if not history[r]]
        if unseen:
            role = unseen[0]
        elif random.random() < 0.15:
            role = random.choice(roles)
        else:
            role = max(roles, key=lambda r: sum(history[r]) / len(history[r]))
        message = f"As {role}, improve:\n```python\n{best}\n```\nUtility:\n```python\n{utility.str}\n```"
        results = []
        for code in extract_code(language_model.prompt(f"You are {role}.", message, 2, 0.7)):
            if code:
                results.append((utility(code), code))
        if results:
            u, code = max(results)
            history[role].append(max(0.0, u - best_u))
            if u > best_u:
                best, best_u = code, u
        else:
            history[role].append(0.0)
        turn += 1
    return best
