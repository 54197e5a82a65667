import math
import random
from helpers import extract_code


class OperatorSelector:
    """Softmax selection of operators by their average gain."""

    def __init__(self, operators, tau=0.3):
        self.operators = operators
        self.tau = tau
        self.value = [0.5] * len(operators)   # optimistic
        self.count = [0] * len(operators)

    def pick(self):
        weights = [math.exp(v / self.tau) for v in self.value]
        return random.choices(range(len(self.operators)), weights=weights)[0]

    def learn(self, index, reward):
        self.count[index] += 1
        self.value[index] += (reward - self.value[index]) / (self.count[index] + 1)


def improve_algorithm(initial_solution, utility, language_model):
    """Hill climbing with learned operators, restarted from the initial solution when a run is over."""
    expertise = "You are an expert in algorithm engineering."
    operators = [
        "Simplify the program and remove whatever does not help the score.",
        "Extend the program by a local improvement phase.",
        "Exchange the main algorithm for a stronger one.",
        "Adjust the numbers in the program.",
    ]
    selector = OperatorSelector(operators)
    budget = language_model.budget
    run_length = max(4, (budget + 1) // 2)
    n = max(1, min(2, language_model.max_responses_per_call))

    s0 = utility(initial_solution)
    best, best_score = initial_solution, s0
    here, here_score = initial_solution, s0

    for i in range(budget):
        if utility.uses >= utility.budget:
            break
        if i > 0 and i % run_length == 0:
            here, here_score = initial_solution, s0   # restart
        k = selector.pick()
        message = "\n".join([
            operators[k],
            "```python", here, "```",
            "The score is defined by:",
            "```python", utility.str, "```",
            "Return the complete new program.",
        ])
        success = 0
        for p in extract_code(language_model.prompt(expertise, message, n_responses=n, temperature=0.7)):
            if p and utility.uses < utility.budget:
                s = utility(p)
                if s > here_score:
                    here, here_score, success = p, s, 1
        selector.learn(k, success)
        if here_score > best_score:
            best, best_score = here, here_score

    return best
