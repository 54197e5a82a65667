from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Each answer is the next question, good or bad."""
    program = initial_solution
    for _ in range(6):
        message = (
            f"Improve this program once more:\n```python\n{program}\n```\nThe utility:\n```python\n{utility.str}\n```"
        )
        new = extract_code(language_model.prompt("Expert.", message, n_responses=1, temperature=0.7)[0])
        if new and utility(new) > 0:
            program = new
    return program
