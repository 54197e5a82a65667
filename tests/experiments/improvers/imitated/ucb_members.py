import math
from helpers import extract_code


class Member:
    def __init__(self, program, score):
        self.program, self.visits, self.total = program, 1, score
        self.score = score

    def bound(self, n):
        return self.total / self.visits + 0.2 * math.sqrt(math.log(n) / self.visits)


def improve_algorithm(initial_solution, utility, language_model):
    """Which program to ask about is chosen by its upper confidence bound: the mean of its children and its own score."""
    members = [Member(initial_solution, utility(initial_solution))]
    n = 1
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        n += 1
        chosen = max(members, key=lambda m: m.bound(n))
        text = f"Improve:\n```python\n{chosen.program}\n```\nUtility:\n```python\n{utility.str}\n```"
        children = [c for c in extract_code(language_model.prompt("Scientist", text, 2, 0.7)) if c]
        for child in children:
            score = utility(child)
            chosen.visits += 1
            chosen.total += score
            members.append(Member(child, score))
    return max(members, key=lambda m: m.score).program
