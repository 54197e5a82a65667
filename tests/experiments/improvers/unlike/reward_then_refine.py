from helpers import extract_code


def propose(model, utility, code, n):
    text = f"Find a completely new approach to the task of this program.\n```python\n{code}\n```\n```python\n{utility.str}\n```"
    return [c for c in extract_code(model.prompt("You are creative.", text, n, 1.0)) if c]


def polish(model, utility, code, value):
    text = f"Polish this program; it has {value:.3f} now.\n```python\n{code}\n```\n```python\n{utility.str}\n```"
    return [c for c in extract_code(model.prompt("You are careful.", text, 2, 0.3)) if c]


def improve_algorithm(initial_solution, utility, language_model):
    """Outer loop: new approaches from the best program. Inner loop: the best program is polished while that helps."""
    best, value = initial_solution, utility(initial_solution)
    for epoch in range(4):
        for code in propose(language_model, utility, best, 5):
            new = utility(code)
            if new > value:
                best, value = code, new
        for step in range(4):
            before = value
            for code in polish(language_model, utility, best, value):
                new = utility(code)
                if new > value:
                    best, value = code, new
            if value == before:
                break
    return best
