from helpers import extract_code


class Beam:
    def __init__(self, utility, model, width, branch):
        self.utility, self.model, self.width, self.branch = utility, model, width, branch
        self.memo = {}

    def value(self, program):
        key = program.strip()
        if key not in self.memo:
            self.memo[key] = self.utility(program)
        return self.memo[key]

    def expand(self, program):
        message = (
            f"Here is a program.\n```python\n{program}\n```\nPropose a better one for this utility:\n{self.utility.str}"
        )
        answers = self.model.prompt("You are a master programmer.", message, n_responses=self.branch, temperature=0.8)
        return [extract_code(answer) for answer in answers]

    def run(self, start, depth):
        members = [start]
        for _ in range(depth):
            candidates = list(members)
            for member in members:
                candidates.extend(p for p in self.expand(member) if p)
            members = sorted(set(candidates), key=self.value, reverse=True)[: self.width]
        return members[0]


def improve_algorithm(initial_solution, utility, language_model):
    return Beam(utility, language_model, width=2, branch=4).run(initial_solution, depth=4)
