import re
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Functions are taken out by a regular expression, improved alone, and put back where the score rises."""
    pieces = re.findall(r"def .*?(?=\ndef |\Z)", initial_solution, re.DOTALL)
    current, score = initial_solution, utility(initial_solution)
    for piece in pieces:
        message = f"Improve only this function and keep its name:\n```python\n{piece.strip()}\n```"
        for answer in language_model.prompt("You write small fast functions.", message, n_responses=4, temperature=0.6):
            better = extract_code(answer)
            if not better:
                continue
            candidate = current.replace(piece.strip(), better.strip())
            value = utility(candidate)
            if value > score:
                current, score, piece = candidate, value, better
    return current
