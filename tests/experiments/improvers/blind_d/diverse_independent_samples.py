import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Many independent attempts with diverse prompts and temperatures; the best one wins."""
    personas = [
        "You are an expert in numerical optimization.",
        "You are a competitive programmer with many medals.",
        "You are a theoretical computer scientist who knows the latest results.",
        "You are a pragmatic engineer who prefers simple, robust code.",
    ]
    requests = [
        "Improve the following solution. Think outside the box.",
        "Find and fix the weaknesses of the following solution.",
        "Write a completely different algorithm for the same problem as the following solution.",
        "Make the following solution more efficient and more accurate.",
    ]
    temperature_list = [0.3, 0.5, 0.7, 0.9, 1.1]

    calls = language_model.budget
    max_responses = language_model.max_responses_per_call
    results = {initial_solution: utility(initial_solution)}

    for i in range(calls):
        room = utility.budget - utility.uses
        if room <= 0:
            break
        # spread what is left over the remaining calls
        n = max(1, min(max_responses, -(-room // (calls - i))))
        message = f"""{requests[i % len(requests)]}

```python
{initial_solution}
```

Evaluation function:

```python
{utility.str}
```

Return the complete program."""
        responses = language_model.prompt(
            random.choice(personas), message, n_responses=n,
            temperature=temperature_list[i % len(temperature_list)],
        )
        for code in extract_code(responses):
            if code and code not in results and utility.uses < utility.budget:
                results[code] = utility(code)

    return max(results, key=results.get)
