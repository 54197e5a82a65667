import functools

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Climbs; after two calls without a gain the climb begins again from the initial program."""
    score = functools.lru_cache(maxsize=None)(lambda code: utility(code))
    record = current = initial_solution
    stale = 0
    for _ in range(language_model.budget):
        prompt = f"Improve:\n```python\n{current}\n```\nUtility:\n```python\n{utility.str}\n```"
        codes = [c for c in extract_code(language_model.prompt("Expert", prompt, n_responses=3, temperature=0.9)) if c]
        top = max(codes, key=score, default=current)
        if score(top) > score(current):
            current, stale = top, 0
        else:
            stale += 1
        record = max(record, current, key=score)
        if stale == 2:
            current, stale = initial_solution, 0
    return record
