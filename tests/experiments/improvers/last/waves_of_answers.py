from concurrent.futures import ThreadPoolExecutor, as_completed
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    text = f"Improve:\n```python\n{initial_solution}\n```\n```python\n{utility.str}\n```"
    best, top, seen = initial_solution, utility(initial_solution), {initial_solution}
    for heat in (0.5, 0.8, 1.1, 0.8, 0.5):
        new = [c for c in extract_code(language_model.prompt("Coder", text, 4, heat)) if c and c not in seen]
        new = list(dict.fromkeys(new))
        seen.update(new)
        with ThreadPoolExecutor() as threads:
            jobs = {threads.submit(utility, c): c for c in new}
            for job in as_completed(jobs):
                if job.result() > top:
                    best, top = jobs[job], job.result()
    return best
