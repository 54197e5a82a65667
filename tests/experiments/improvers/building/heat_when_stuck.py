from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Hotter while nothing gets better; after three such rounds all begins anew."""
    start_score = utility(initial_solution)
    current, score = initial_solution, start_score
    best, best_score = current, score
    heat, stuck = 0.4, 0
    while language_model.times_used < language_model.budget and utility.uses + 3 <= utility.budget:
        message = f"Improve the program.\n```python\n{current}\n```\n```python\n{utility.str}\n```"
        programs = [p for p in extract_code(language_model.prompt("Expert.", message, 3, heat)) if p]
        scores = [utility(p) for p in programs]
        if scores and max(scores) > score:
            score = max(scores)
            current = programs[scores.index(score)]
            heat, stuck = 0.4, 0
        else:
            heat, stuck = min(1.2, heat + 0.2), stuck + 1
        if score > best_score:
            best, best_score = current, score
        if stuck == 3:
            current, score, heat, stuck = initial_solution, start_score, 0.4, 0
    return best
