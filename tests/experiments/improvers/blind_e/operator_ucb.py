"""Adaptive operator selection: a UCB bandit over instructions, applied to the incumbent."""
import math
from dataclasses import dataclass

from helpers import extract_code


@dataclass
class Operator:
    name: str
    instruction: str
    pulls: int = 0
    reward: float = 0.0

    def value(self, t, c=0.5):
        if self.pulls == 0:
            return math.inf
        return self.reward / self.pulls + c * math.sqrt(math.log(t) / self.pulls)


class OperatorBandit:
    def __init__(self):
        self.ops = [
            Operator("repair", "Repair the cases in which the program fails or is slow. Change nothing else."),
            Operator("rethink", "Throw away the program's method. Use a fundamentally different one."),
            Operator("tune", "Tune numbers: iterations, temperatures, thresholds, weights."),
            Operator("hybrid", "Add a second phase of local search after the program's present method."),
        ]
        self.t = 0

    def pick(self):
        self.t += 1
        return max(self.ops, key=lambda o: o.value(self.t))

    def learn(self, op, gain):
        op.pulls += 1
        op.reward += gain


def improve_algorithm(initial_solution, utility, language_model):
    bandit = OperatorBandit()
    best, best_score = initial_solution, utility(initial_solution)
    n = min(3, language_model.max_responses_per_call)

    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        op = bandit.pick()
        feedback = utility.feedback(best)
        prompt = (
            f"{op.instruction}\n\nIncumbent, with score {best_score:.4f}:\n```python\n{best}\n```\n"
            f"\nEvaluation notes:\n{feedback}\n\nAnswer with the entire program in a python block."
        )
        gained = 0.0
        for answer in language_model.prompt("You are an adaptive search operator.", prompt, n_responses=n, temperature=0.7):
            code = extract_code(answer)
            if code is None:
                continue
            score = utility(code)
            if score > best_score:
                gained = 1.0
                best, best_score = code, score
        bandit.learn(op, gained)
    return best
