from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    best, top = initial_solution, utility(initial_solution)
    notes = ""
    for _ in range(6):
        text = f"```python\n{best}\n```\nNotes on what was tried:\n{notes or 'nothing yet'}\nGoal:\n{utility.str}\nImprove."
        for code in extract_code(language_model.prompt("Coder", text, 2, 0.7)):
            if code:
                value = utility(code)
                notes = utility.feedback(code)
                if value > top:
                    best, top = code, value
    return best
