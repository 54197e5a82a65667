import random
from helpers import extract_code


class Arm:
    def __init__(self, temperature):
        self.temperature = temperature
        self.pulls = 0
        self.total = 0.0

    @property
    def mean(self):
        return self.total / self.pulls if self.pulls else float("inf")


def improve_algorithm(initial_solution, utility, language_model):
    """Which sampling temperature gives the best answers is learnt while climbing."""
    epsilon = 0.2
    arms = [Arm(t) for t in (0.2, 0.6, 1.0)]
    scores = utility.budget - 1
    best_code, best_score = initial_solution, utility(initial_solution)
    calls = language_model.budget
    while calls > 0 and scores > 0:
        calls -= 1
        if random.random() < epsilon:
            arm = random.choice(arms)
        else:
            arm = max(arms, key=lambda a: a.mean)
        count = min(language_model.max_responses_per_call, scores)
        responses = language_model.prompt(
            "You are an experienced developer of algorithms.",
            f"Please improve this code.\n```python\n{best_code}\n```\n"
            f"The objective is:\n```python\n{utility.str}\n```\nReply with all of the code.",
            n_responses=count,
            temperature=arm.temperature,
        )
        before, gain = best_score, 0.0
        for code in extract_code(responses):
            if code is None:
                continue
            scores -= 1
            score = utility(code)
            gain = max(gain, score - before)
            if score > best_score:
                best_code, best_score = code, score
        arm.pulls += 1
        arm.total += gain
    return best_code
