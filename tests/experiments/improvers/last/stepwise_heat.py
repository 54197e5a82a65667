from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Hotter by a step after each round without a gain, back to the lowest step after a gain."""
    steps, step = [0.2, 0.4, 0.6, 0.8, 1.0], 0
    best, top = initial_solution, utility(initial_solution)
    for _ in range(language_model.budget):
        text = f"The best program scores {top:.3f}:\n```python\n{best}\n```\nBeat it. {utility.str}"
        gained = False
        for code in extract_code(language_model.prompt("Coder", text, 3, steps[step])):
            if code and (value := utility(code)) > top:
                best, top, gained = code, value, True
        step = 0 if gained else min(step + 1, len(steps) - 1)
    return best
