from collections import deque

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Late acceptance: a candidate need only be as good as what was current a few steps ago."""
    current, value = initial_solution, utility(initial_solution)
    memory = deque([value] * 4, maxlen=4)
    best, best_value = current, value
    while language_model.times_used < language_model.budget:
        message = f"Edit this program.\n```python\n{current}\n```\nAim:\n```python\n{utility.str}\n```"
        for candidate in extract_code(language_model.prompt("You edit code.", message, n_responses=1, temperature=0.9)):
            if candidate:
                new = utility(candidate)
                if new >= memory[0] or new >= value:
                    current, value = candidate, new
                if new > best_value:
                    best, best_value = candidate, new
        memory.append(value)
    return best
