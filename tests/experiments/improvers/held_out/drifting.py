from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Goes on from the best of each round's answers, whether or not that is better than what it was made of."""
    current, found = initial_solution, {}
    for _ in range(7):
        message = (
            f"Make something better of this:\n```python\n{current}\n```\nCriterion:\n```python\n{utility.str}\n```"
        )
        programs = [p for p in extract_code(language_model.prompt("Expert.", message, 2, 0.8)) if p]
        if not programs:
            continue
        scores = [utility(p) for p in programs]
        current = programs[scores.index(max(scores))]
        found[current] = max(scores)
    return max(found, key=found.get)
