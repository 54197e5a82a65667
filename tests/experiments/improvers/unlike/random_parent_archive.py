import random

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Any program that was ever found, drawn blindly, is developed further."""
    archive = {initial_solution: utility(initial_solution)}
    for _ in range(language_model.budget):
        parent = random.choice(list(archive))
        text = f"Develop this further:\n```python\n{parent}\n```\nGoal:\n```python\n{utility.str}\n```"
        for code in extract_code(language_model.prompt("You explore.", text, n_responses=2, temperature=0.9)):
            if code and code not in archive:
                archive[code] = utility(code)
    return max(archive, key=archive.get)
