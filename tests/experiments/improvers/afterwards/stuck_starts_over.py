from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Climbs; after two rounds without a gain it begins again where it once began."""
    best = (utility(initial_solution), initial_solution)
    current, failures = best, 0
    start = best
    while language_model.times_used < language_model.budget and utility.uses + 4 < utility.budget:
        prompt = f"Improve.\nScore now: {current[0]:.4f}\n```python\n{current[1]}\n```\n```python\n{utility.str}\n```"
        scored = [(utility(p), p) for p in extract_code(language_model.prompt("Expert.", prompt, 4, 0.7)) if p]
        top = max(scored, default=(0.0, ""))
        if top[0] > current[0]:
            current, failures = top, 0
        else:
            failures += 1
        best = max(best, current)
        if failures == 2:
            current, failures = start, 0
    return best[1]
