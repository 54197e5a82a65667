from concurrent.futures import ThreadPoolExecutor
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Answers are got in threads, scores one after another; only the best goes on."""
    best, best_score = initial_solution, utility(initial_solution)
    for _ in range(4):
        message = f"Better this program:\n```python\n{best}\n```\nUtility:\n```python\n{utility.str}\n```"
        with ThreadPoolExecutor(3) as pool:
            jobs = [pool.submit(language_model.prompt, "Expert.", message, 2, 0.7) for _ in range(3)]
        for job in jobs:
            for program in extract_code(job.result()):
                if program:
                    score = utility(program)
                    if score > best_score:
                        best, best_score = program, score
    return best
