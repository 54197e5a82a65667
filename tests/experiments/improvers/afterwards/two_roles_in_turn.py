from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Two roles take turns at the best program so far, with what was said of it."""
    roles = ["You are a bold inventor.", "You are a careful tester."]
    best, score = initial_solution, utility(initial_solution)
    for turn in range(10):
        message = f"Improve this.\n```python\n{best}\n```\n{utility.feedback(best)}\n```python\n{utility.str}\n```"
        found = [p for p in extract_code(language_model.prompt(roles[turn % 2], message, 3, 0.7)) if p]
        values = utility.batch(found)
        if values and max(values) > score:
            score = max(values)
            best = found[values.index(score)]
    return best
