import random
from helpers import extract_code

ROLES = [
    "You are a professor of theoretical computer science.",
    "You are a practical engineer who profiles before changing anything.",
    "You are an operations researcher who knows every metaheuristic.",
]


def improve_algorithm(initial_solution, utility, language_model):
    """Independent attempts at the initial program; Thompson sampling finds out which role makes good ones."""
    successes = [1] * len(ROLES)
    failures = [1] * len(ROLES)
    baseline = utility(initial_solution)
    results = [(baseline, initial_solution)]
    remaining = utility.budget - 1

    question = f"""Improve this program:
```python
{initial_solution}
```
An evaluator will run:
```python
{utility.str}
```
Think first. Then give the complete new program."""

    def sample_role():
        draws = [random.betavariate(s, f) for s, f in zip(successes, failures)]
        return draws.index(max(draws))

    for _ in range(language_model.budget):
        k = min(language_model.max_responses_per_call, remaining)
        if k <= 0:
            break
        role = sample_role()
        for answer in extract_code(language_model.batch_prompt(ROLES[role], [question] * k, temperature=0.7)):
            if answer is None:
                failures[role] += 1
                continue
            remaining -= 1
            score = utility(answer)
            results.append((score, answer))
            if score > baseline:
                successes[role] += 1
            else:
                failures[role] += 1
    return max(results)[1]
