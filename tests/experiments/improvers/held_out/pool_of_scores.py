from concurrent.futures import ThreadPoolExecutor
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Several calls about the given program; the answers are scored in threads."""
    expertise = "You are a leading researcher of heuristics."
    message = f"Improve the program:\n```python\n{initial_solution}\n```\nScored with:\n```python\n{utility.str}\n```"
    programs = []
    for _ in range(3):
        programs += [p for p in extract_code(language_model.prompt(expertise, message, 5, 0.7)) if p]
    with ThreadPoolExecutor(max_workers=8) as pool:
        values = list(pool.map(utility, programs))
    order = sorted(range(len(programs)), key=values.__getitem__)
    return programs[order[-1]]
