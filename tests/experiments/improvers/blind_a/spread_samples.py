from concurrent.futures import ThreadPoolExecutor, as_completed
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Many independent samples, from cautious to daring, rated by a pool of threads."""
    calls = min(4, language_model.budget)
    per_call = language_model.max_responses_per_call
    total = min(calls * per_call, utility.budget - 1)
    if total < 1:
        return initial_solution
    message = f"""You get an algorithm and the function that evaluates it.

Algorithm:
```python
{initial_solution}
```

Evaluation:
```python
{utility.str}
```

Design something better. The answer must contain the entire improved algorithm."""
    low, high = 0.2, 1.0
    heats = [round(low + (high - low) * i / max(1, total - 1), 3) for i in range(total)]
    candidates = []
    for start in range(0, total, per_call):
        part = heats[start:start + per_call]
        responses = language_model.batch_prompt(
            "You are a creative computer scientist.", [message] * len(part), temperature=part)
        candidates.extend(code for code in extract_code(responses) if code)

    best, best_score = initial_solution, utility(initial_solution)
    with ThreadPoolExecutor(max_workers=8) as executor:
        jobs = {executor.submit(utility, code): code for code in candidates}
        for job in as_completed(jobs):
            try:
                score = job.result()
            except Exception:
                continue
            if score > best_score:
                best, best_score = jobs[job], score
    return best
