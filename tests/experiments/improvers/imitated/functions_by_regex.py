import re
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Takes the functions out, has each improved by itself, puts it back where that pays."""
    pattern = re.compile(r"^def \w+\(.*?(?=^\S|\Z)", re.M | re.S)
    solution, score = initial_solution, utility(initial_solution)
    for part in pattern.findall(initial_solution):
        message = f"Improve only this function, keep its name and arguments:\n```python\n{part}\n```"
        for new in extract_code(language_model.prompt("You refactor code.", message, 3, 0.5)):
            if not new or part not in solution:
                continue
            candidate = solution.replace(part, new + "\n")
            value = utility(candidate)
            if value > score:
                solution, score, part = candidate, value, new + "\n"
    return solution
