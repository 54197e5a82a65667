import itertools

from helpers import extract_code


class Council:
    ROLES = (
        "You are a mathematician who proves what he writes.",
        "You are a competitive programmer.",
        "You are a specialist in metaheuristics.",
    )

    def __init__(self, utility, model):
        self.utility, self.model = utility, model
        self.roles = itertools.cycle(self.ROLES)

    def hear(self, program, value):
        body = f"Score now: {value:.5f}\n\n```python\n{program}\n```\n\nUtility:\n{self.utility.str}"
        return [c for c in extract_code(self.model.prompt(next(self.roles), body, 3, 0.75)) if c]


def improve_algorithm(initial_solution, utility, language_model):
    council = Council(utility, language_model)
    top, value = initial_solution, utility(initial_solution)
    for _ in range(language_model.budget):
        advice = council.hear(top, value)
        scores = [utility(c) for c in advice]
        if scores and max(scores) > value:
            value = max(scores)
            top = advice[scores.index(value)]
    return top
