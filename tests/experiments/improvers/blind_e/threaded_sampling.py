from concurrent.futures import ThreadPoolExecutor
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Samples many independent rewrites and scores them in a thread pool."""
    expertise = "You are a senior algorithm engineer. Answer with code only."
    message = f"""Here is a working but weak solution:
```python
{initial_solution}
```
It will be judged by this function:
```text
{utility.str}
```
Write a clearly better version. Keep the function names and signatures. Return it in a ```python block."""

    n = min(language_model.max_responses_per_call, 4)
    pool_of_answers = []
    while language_model.times_used < language_model.budget:
        replies = language_model.prompt(expertise, message, n_responses=n, temperature=0.8)
        pool_of_answers += [c for c in extract_code(replies) if c]

    allowed = max(0, utility.budget - utility.uses - 1)
    pool_of_answers = pool_of_answers[:allowed]
    with ThreadPoolExecutor(max_workers=6) as ex:
        scores = list(ex.map(utility, [initial_solution] + pool_of_answers))
    best = max(range(len(scores)), key=scores.__getitem__)
    return ([initial_solution] + pool_of_answers)[best]
