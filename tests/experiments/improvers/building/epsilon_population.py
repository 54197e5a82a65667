import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Mostly the best of a list is improved, now and then another of it, hotter; cooler as the budget shrinks."""
    role = "You are an inventive scientist of algorithms."
    top = [(utility(initial_solution), initial_solution)]
    epsilon, stale = 0.25, 0
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        left = (language_model.budget - language_model.times_used) / language_model.budget
        heat = max(0.1, left)
        explore = random.random() < epsilon
        base = random.choice(top)[1] if explore else top[0][1]
        message = f"Improve:\n```python\n{base}\n```\nUtility:\n```python\n{utility.str}\n```"
        answers = language_model.prompt(
            role, message, n_responses=3, temperature=min(1.0, 2 * heat if explore else heat)
        )
        for program in extract_code(answers):
            if program:
                top.append((utility(program), program))
        top.sort(key=lambda pair: pair[0], reverse=True)
        top = top[:5]
    return top[0][1]
