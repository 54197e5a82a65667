from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Each round shows the best program and what the utility says of the last attempt."""
    best, best_score = initial_solution, utility(initial_solution)
    said = utility.feedback(initial_solution)
    n = language_model.max_responses_per_call
    while language_model.times_used < language_model.budget and utility.uses + n <= utility.budget:
        message = (
            f"Improve this program:\n```python\n{best}\n```\nWhat its scoring told:\n{said}\n"
            f"It is scored by\n```python\n{utility.str}\n```"
        )
        found = [p for p in extract_code(language_model.prompt("Expert.", message, n, 0.7)) if p]
        if not found:
            break
        scores = utility.batch(found)
        top = max(range(len(found)), key=lambda i: scores[i])
        if scores[top] > best_score:
            best, best_score = found[top], scores[top]
        said = utility.feedback(found[top])
    return best
