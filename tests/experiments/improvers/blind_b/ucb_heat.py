import math
from concurrent.futures import ThreadPoolExecutor

from helpers import extract_code


class UCB1:
    def __init__(self, arms, c=0.7):
        self.arms = list(arms)
        self.c = c
        self.pulls = [0] * len(self.arms)
        self.gain = [0.0] * len(self.arms)

    def select(self):
        for i, n in enumerate(self.pulls):
            if n == 0:
                return i
        total = sum(self.pulls)
        return max(
            range(len(self.arms)),
            key=lambda i: self.gain[i] / self.pulls[i] + self.c * math.sqrt(math.log(total) / self.pulls[i]),
        )

    def update(self, i, reward):
        self.pulls[i] += 1
        self.gain[i] += reward


def improve_algorithm(initial_solution, utility, language_model):
    """Hill climbing; UCB1 chooses the sampling temperature."""
    bandit = UCB1([0.3, 0.7, 1.0])
    best, best_score = initial_solution, utility(initial_solution)
    remaining = utility.budget - 1
    with ThreadPoolExecutor(8) as pool:
        for _ in range(language_model.budget):
            n = min(language_model.max_responses_per_call, remaining)
            if n <= 0:
                break
            arm = bandit.select()
            message = f"""Current program:
```python
{best}
```
Objective:
```python
{utility.str}
```
Propose an improved program. Think briefly, then give the complete code."""
            replies = language_model.batch_prompt(
                "You are an expert in algorithm design.", [message] * n, temperature=bandit.arms[arm]
            )
            codes = [c for c in extract_code(replies) if c]
            scores = list(pool.map(utility, codes))
            remaining -= len(codes)
            wins = sum(s > best_score for s in scores)
            bandit.update(arm, wins / n)
            for code, s in zip(codes, scores):
                if s > best_score:
                    best, best_score = code, s
    return best
