from concurrent.futures import ThreadPoolExecutor, as_completed

from helpers import extract_code

STYLES = ["NumPy", "plain Python", "itertools", "heapq", "recursion"]


def improve_algorithm(initial_solution, utility, language_model):
    """One question for each style, all at once; the best answer wins."""
    questions = [
        f"Solve this again, with {style} where it helps.\n```python\n{initial_solution}\n```\n```python\n{utility.str}\n```"
        for style in STYLES
    ]
    best = (utility(initial_solution), initial_solution)
    for batch in range(3):
        codes = extract_code(language_model.batch_prompt("You know Python well.", questions, temperature=0.8))
        with ThreadPoolExecutor(max_workers=5) as pool:
            jobs = {pool.submit(utility, code): code for code in codes if code}
            for job in as_completed(jobs):
                best = max(best, (job.result(), jobs[job]))
    return best[1]
