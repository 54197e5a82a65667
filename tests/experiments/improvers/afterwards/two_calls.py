from concurrent.futures import ThreadPoolExecutor, as_completed
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Two calls about the given program, a cool one and a hot one; scores in threads, each program once."""
    text = f"Return an improved version.\n```python\n{initial_solution}\n```\nHow it is scored:\n```python\n{utility.str}\n```"
    found = set()
    for heat in (0.4, 1.0):
        found |= set(extract_code(language_model.prompt("Expert.", text, 5, heat))) - {None}
    results = {}
    with ThreadPoolExecutor(4) as pool:
        jobs = {pool.submit(utility, p): p for p in found}
        for job in as_completed(jobs):
            results[jobs[job]] = job.result()
    return max(results, key=results.get)
