"""A bandit over sampling temperatures (paper, §6.1 and App. B): UCB learns which of them yields improvements.

A pull is one call, its reward the share of the responses that beat the solution they were to improve.
"""

import math

from helpers import extract_code

TEMPERATURES = (0.2, 0.6, 1.0)
EXPLORATION = 0.5  # UCB1 has √2: with so few pulls it would only go round


def improve_algorithm(initial_solution, utility, language_model):
    """Ask, at the temperature of the highest upper bound, to improve the best solution so far; return the best."""
    expertise = "You are a computer science researcher and an expert programmer who excels at optimizing algorithms."
    best, best_score = initial_solution, utility(initial_solution)
    rewards = {temperature: [] for temperature in TEMPERATURES}
    for calls_left in range(language_model.budget, 0, -1):
        share = -(-(utility.budget - utility.uses) // calls_left)  # of the scores left, rounded up: for this call
        n_responses = min(language_model.max_responses_per_call, share)
        if n_responses < 1:
            break
        message = f"""Improve this solution:
```python
{best}
```

It is scored by this utility:
```python
{utility.str}
```

You must return a better solution. Be as creative as you can under the constraints. What makes it better must be new
and not trivial. First put forward an idea, then implement it: the whole program, in one block of code."""
        temperature = max(TEMPERATURES, key=lambda arm: upper_bound(rewards, arm))
        responses = language_model.prompt(expertise, message, n_responses=n_responses, temperature=temperature)
        solutions = [solution for solution in extract_code(responses, like=best) if solution]
        scores = utility.batch(solutions)
        rewards[temperature].append(sum(score > best_score for score in scores) / n_responses)
        if scores and max(scores) > best_score:
            best, best_score = solutions[scores.index(max(scores))], max(scores)
    return best


def upper_bound(rewards, arm):
    """The mean reward and what it may fall short of the truth; without bound before the first pull."""
    if not rewards[arm]:
        return math.inf
    pulls = sum(map(len, rewards.values()))
    n = len(rewards[arm])
    return sum(rewards[arm]) / n + EXPLORATION * math.sqrt(math.log(pulls) / n)
