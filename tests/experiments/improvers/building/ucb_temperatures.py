import math
from helpers import extract_code


class Arm:
    def __init__(self, temperature):
        self.temperature, self.n, self.mean = temperature, 0, 0.0

    def bound(self, total):
        return float("inf") if self.n == 0 else self.mean + 0.2 * math.sqrt(math.log(total) / self.n)

    def update(self, reward):
        self.n += 1
        self.mean += (reward - self.mean) / self.n


def improve_algorithm(initial_solution, utility, language_model):
    """Which temperature pays is learnt; the best program so far is what is improved."""
    arms = [Arm(t) for t in (0.1, 0.5, 1.0)]
    best, best_score, total = initial_solution, utility(initial_solution), 0
    while utility.uses < utility.budget and language_model.times_used < language_model.budget:
        arm = max(arms, key=lambda a: a.bound(max(1, total)))
        total += 1
        n = min(language_model.max_responses_per_call, utility.budget - utility.uses)
        message = f"Please improve this program:\n```python\n{best}\n```\n\nUtility:\n```python\n{utility.str}\n```"
        programs = [
            p for p in extract_code(language_model.prompt("You improve programs.", message, n, arm.temperature)) if p
        ]
        scores = utility.batch(programs)
        arm.update(sum(scores) / len(scores) if scores else 0.0)
        for score, program in zip(scores, programs):
            if score > best_score:
                best, best_score = program, score
    return best
