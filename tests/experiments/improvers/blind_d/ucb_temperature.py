import math
from helpers import extract_code


class TemperatureBandit:
    """UCB1 over a few sampling temperatures."""

    def __init__(self, arms):
        self.arms = arms
        self.pulls = {a: 0 for a in arms}
        self.reward = {a: 0.0 for a in arms}

    def select(self):
        for a in self.arms:
            if self.pulls[a] == 0:
                return a
        total = sum(self.pulls.values())
        return max(
            self.arms,
            key=lambda a: self.reward[a] / self.pulls[a] + math.sqrt(0.5 * math.log(total) / self.pulls[a]),
        )

    def update(self, arm, r):
        self.pulls[arm] += 1
        self.reward[arm] += r


def improve_algorithm(initial_solution, utility, language_model):
    expertise = "You are an AI researcher specialised in program optimization."
    bandit = TemperatureBandit([0.3, 0.7, 1.0])
    calls = language_model.budget
    samples = max(1, min(language_model.max_responses_per_call, (utility.budget - 1) // max(1, calls)))

    best = initial_solution
    best_score = utility(initial_solution)
    seen = {initial_solution.strip()}

    for _ in range(calls):
        if utility.uses >= utility.budget:
            break
        temperature = bandit.select()
        prompt = f"""Improve this solution:
```python
{best}
```
The score function is:
```python
{utility.str}
```
Return an improved solution. Start with a short idea, then the code."""
        improved = 0.0
        for response in language_model.prompt(expertise, prompt, n_responses=samples, temperature=temperature):
            code = extract_code(response)
            # skip empty answers and duplicates
            if not code or code.strip() in seen:
                continue
            if utility.uses >= utility.budget:
                break
            seen.add(code.strip())
            score = utility(code)
            if score > best_score:
                best, best_score = code, score
                improved = 1.0
        bandit.update(temperature, improved)

    return best
