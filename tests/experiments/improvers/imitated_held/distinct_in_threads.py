from concurrent.futures import ThreadPoolExecutor
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """As many answers as there may be; equal ones are scored once, all in parallel."""
    message = f"Improve this:\n```python\n{initial_solution}\n```\nScored by:\n```python\n{utility.str}\n```"
    answers = []
    for _ in range(3):
        answers += language_model.prompt("Programmer", message, language_model.max_responses_per_call, 0.8)
    distinct = {code for code in extract_code(answers) if code}
    distinct = sorted(distinct)[: utility.budget]
    with ThreadPoolExecutor(8) as pool:
        scored = dict(zip(distinct, pool.map(utility, distinct)))
    return max(scored, key=scored.get) if scored else initial_solution
