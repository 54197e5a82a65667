from concurrent.futures import ThreadPoolExecutor
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Samples independently in chunks, evaluates each chunk concurrently, returns the best."""
    expertise = "You are an expert computer science researcher and programmer."
    base = utility(initial_solution)
    try:
        report = utility.feedback(initial_solution)
    except Exception:
        report = ""
    message = f"""Improve the following solution, which reaches a score of {base:.4f}:
```python
{initial_solution}
```

{report}

You will be evaluated based on this score function:
```python
{utility.str}
```

Think step by step, then give the improved solution."""

    scored = [(base, initial_solution)]
    remaining_calls = language_model.budget
    while remaining_calls > 0 and utility.uses < utility.budget:
        left = utility.budget - utility.uses
        n = min(language_model.max_responses_per_call, max(2, left // remaining_calls), left)
        remaining_calls -= 1
        responses = language_model.prompt(expertise, message, n_responses=n, temperature=0.9)
        candidates = [c for c in extract_code(responses) if c]
        with ThreadPoolExecutor() as executor:
            scored += list(zip(executor.map(utility, candidates), candidates))
    return max(scored, key=lambda pair: pair[0])[1]
