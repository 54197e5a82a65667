import concurrent.futures as cf
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Samples at low, middle and high temperature; all are scored in threads."""
    ask = f"Improve this code:\n```python\n{initial_solution}\n```\nwith regard to\n```python\n{utility.str}\n```"
    pool = [
        code
        for heat in (0.3, 0.7, 1.0)
        for code in extract_code(language_model.prompt("Researcher", ask, n_responses=3, temperature=heat))
        if code
    ]
    with cf.ThreadPoolExecutor(max_workers=8) as executor:
        futures = {executor.submit(utility, code): code for code in pool}
        scored = [(future.result(), futures[future]) for future in cf.as_completed(futures)]
    return max(scored, default=(0, initial_solution), key=lambda s: s[0])[1]
