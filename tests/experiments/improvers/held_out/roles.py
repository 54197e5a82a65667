from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Five people with five temperaments are asked once."""
    people = [
        ("You are a mathematician.", 0.3),
        ("You are a systems programmer.", 0.5),
        ("You are a physicist.", 0.7),
        ("You are a poet who codes.", 1.0),
    ]
    message = f"Improve this:\n```python\n{initial_solution}\n```\nIt is scored by\n```python\n{utility.str}\n```"
    found = []
    for role, heat in people:
        found += extract_code(language_model.prompt(role, message, n_responses=2, temperature=heat))
    return max((p for p in found if p), key=utility)
