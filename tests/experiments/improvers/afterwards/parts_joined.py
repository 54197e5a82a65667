from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """The program is cut where functions begin; each piece gets a few versions; the best combination one by one."""
    pieces = initial_solution.split("\n\n\n")
    for place, piece in enumerate(pieces):
        if not piece.startswith("def "):
            continue
        message = f"Here is one function of a program:\n```python\n{piece}\n```\nWrite a better version of it alone."
        options = [p for p in extract_code(language_model.prompt("Expert.", message, 5, 0.7)) if p]
        whole = ["\n\n\n".join(pieces[:place] + [option] + pieces[place + 1 :]) for option in options]
        values = utility.batch(whole + ["\n\n\n".join(pieces)])
        top = values.index(max(values))
        if top < len(options):
            pieces[place] = options[top]
    return "\n\n\n".join(pieces)
