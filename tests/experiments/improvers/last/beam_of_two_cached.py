from functools import cache
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    score = cache(utility)
    pair = [initial_solution]
    for round_number in range(5):
        pool = set(pair)
        for program in pair:
            question = f"Improve on this.\n```python\n{program}\n```\n```python\n{utility.str}\n```"
            pool |= {c for c in extract_code(language_model.prompt("Coder", question, 3, 0.8)) if c}
        pair = sorted(sorted(pool), key=score, reverse=True)[:2]
    return pair[0]
