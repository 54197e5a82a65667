import random

from helpers import extract_code


class Arm:
    def __init__(self, code, value):
        self.code, self.value = code, value
        self.good, self.bad = 1, 1

    def sample(self):
        return random.betavariate(self.good, self.bad)

    def learn(self, gained):
        if gained:
            self.good += 1
        else:
            self.bad += 1


def improve_algorithm(initial_solution, utility, language_model):
    """Thompson sampling: an arm is a program, and it pays when the model makes something better of it."""
    arms = [Arm(initial_solution, utility(initial_solution))]
    for _ in range(language_model.budget):
        arm = max(arms, key=lambda one: one.sample() * one.value)
        prompt = f"Improve this program:\n```python\n{arm.code}\n```\nObjective:\n```python\n{utility.str}\n```"
        for code in extract_code(language_model.prompt("You are an expert.", prompt, n_responses=2, temperature=0.8)):
            if not code:
                continue
            value = utility(code)
            arm.learn(value > arm.value)
            if value > arm.value:
                arms.append(Arm(code, value))
    return max(arms, key=lambda one: one.value).code
