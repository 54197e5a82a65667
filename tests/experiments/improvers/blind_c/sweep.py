from helpers import extract_code

def improve_algorithm(initial_solution, utility, language_model):
    """Sample at several temperatures and return the best of all the samples."""
    expertise = "You are an expert computer science researcher and programmer, especially skilled at optimizing algorithms."
    message = f"""Improve the following solution:
```python
{initial_solution}
```

You will be evaluated based on this score function:
```python
{utility.str}
```

You must return an improved solution. Be as creative as you can under the constraints.
Your primary improvement must be novel and non-trivial. First, propose an idea, then implement it."""
    n = language_model.max_responses_per_call
    responses = []
    for i in range(language_model.budget):
        temperature = (0.2, 0.5, 0.8, 1.1)[i % 4]
        responses += language_model.prompt(expertise, message, n_responses=n, temperature=temperature)
    candidates = [initial_solution] + [c for c in extract_code(responses) if c]
    candidates = candidates[:utility.budget]
    scores = utility.batch(candidates)
    return candidates[max(range(len(candidates)), key=scores.__getitem__)]
