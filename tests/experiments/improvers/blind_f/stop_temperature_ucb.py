import math
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Improves a solution; the sampling temperature is an arm of a multi-armed bandit (UCB1)."""
    expertise = "You are an expert computer science researcher and programmer, especially skilled at optimizing algorithms."
    temperature_values = [0.2, 0.5, 0.8, 1.1]
    pulls = {t: 0 for t in temperature_values}
    rewards = {t: 0.0 for t in temperature_values}
    score_cache = {}

    def cached_utility(solution):
        key = solution.strip()
        if key not in score_cache:
            score_cache[key] = utility(solution)
        return score_cache[key]

    def select_temperature():
        for t in temperature_values:
            if pulls[t] == 0:
                return t
        total = sum(pulls.values())
        return max(temperature_values, key=lambda t: rewards[t] / pulls[t] + 0.4 * math.sqrt(2 * math.log(total) / pulls[t]))

    best_solution = initial_solution
    best_utility = cached_utility(initial_solution)
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        temperature = select_temperature()
        message = f"""Improve the following solution:
```python
{best_solution}
```

You will be evaluated based on this score function:
```python
{utility.str}
```

You must return an improved solution. Be as creative as you can under the constraints.
Your primary improvement must be novel and non-trivial. First, propose an idea, then implement it."""
        n_messages = min(2, language_model.max_responses_per_call, utility.budget - utility.uses)
        new_solutions = extract_code(language_model.prompt(expertise, message, n_messages, temperature=temperature))
        previous = best_utility
        top = 0.0
        for solution in new_solutions:
            if not solution:
                continue
            value = cached_utility(solution)
            top = max(top, value)
            if value > best_utility:
                best_solution, best_utility = solution, value
        pulls[temperature] += 1
        # a full reward for an improvement, otherwise the score itself at half weight
        rewards[temperature] += 1.0 if top > previous else 0.5 * top
    return best_solution
