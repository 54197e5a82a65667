from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """The same question at three temperatures; all answers are scored at once."""
    message = f"Improve this:\n```python\n{initial_solution}\n```\nIt is scored so:\n```python\n{utility.str}\n```"
    found = []
    for heat in (0.2, 0.6, 1.0):
        n = min(language_model.max_responses_per_call, (utility.budget - utility.uses) // 3)
        found += [p for p in extract_code(language_model.prompt("Expert.", message, n, heat)) if p]
    scores = utility.batch(found)
    return found[scores.index(max(scores))]
