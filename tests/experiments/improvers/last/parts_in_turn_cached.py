import re
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """The functions are improved one after the other, hotter in the second round."""
    best, top = initial_solution, utility(initial_solution)
    for heat in (0.4, 0.9):
        for part in re.split(r"\n(?=def )", best):
            if not part.startswith("def "):
                continue
            text = f"Here is a function of a program:\n```python\n{part}\n```\nImprove the function."
            for code in extract_code(language_model.prompt("Coder", text, 3, heat)):
                if code and part in best:
                    whole = best.replace(part, code)
                    value = utility(whole)
                    if value > top:
                        best, top, part = whole, value, code
    return best
