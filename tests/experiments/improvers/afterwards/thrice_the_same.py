from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """A chain of three answers without any score; the last is returned."""
    program = initial_solution
    for _ in range(3):
        message = f"Improve:\n```python\n{program}\n```\nUtility:\n```python\n{utility.str}\n```"
        program = extract_code(language_model.prompt("Expert.", message, 1, 0.7)[0]) or program
    return program
