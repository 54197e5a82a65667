import random
from helpers import extract_code

def improve_algorithm(initial_solution, utility, language_model):
    temperatures = [0.1, 0.4, 0.7, 1.0]
    rewards = {t: [] for t in temperatures}
    epsilon = 0.2
    best_solution = initial_solution
    best_utility = utility(initial_solution)
    evals = 1

    def pick_temperature():
        untried = [t for t in temperatures if not rewards[t]]
        if untried:
            return untried[0]
        if random.random() < epsilon:
            return random.choice(temperatures)
        return max(temperatures, key=lambda t: sum(rewards[t]) / len(rewards[t]))

    for _ in range(language_model.budget):
        n = min(language_model.max_responses_per_call, 5, utility.budget - evals)
        if n <= 0:
            break
        temperature = pick_temperature()
        message = f"""You are given this Python program:
```python
{best_solution}
```
Its quality is measured by the following utility:
```
{utility.str}
```
Please write an improved version of the program."""
        responses = language_model.prompt("You are an expert Python developer.", message, n_responses=n,
                                          temperature=temperature)
        before = best_utility
        top = 0.0
        for solution in extract_code(responses):
            if not solution:
                continue
            value = utility(solution)
            evals += 1
            top = max(top, value)
            if value > best_utility:
                best_solution, best_utility = solution, value
        rewards[temperature].append(max(0.0, top - before))
    return best_solution
