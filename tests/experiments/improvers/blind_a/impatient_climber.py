from helpers import extract_code


class Climber:
    def __init__(self, start, utility, model):
        self.start, self.utility, self.model = start, utility, model
        self.scored = {}
        self.limit = utility.budget
        self.calls = model.budget

    def score(self, code):
        if code not in self.scored:
            self.scored[code] = self.utility(code)
        return self.scored[code]

    def proposals(self, code):
        n = min(self.model.max_responses_per_call, self.limit - len(self.scored))
        self.calls -= 1
        message = (f"Make this better:\n```python\n{code}\n```\n"
                   f"Better means a higher value of:\n```python\n{self.utility.str}\n```\n"
                   "Give complete code, nothing abbreviated.")
        texts = self.model.batch_prompt("You write excellent Python.", [message] * n, temperature=0.8)
        return [c for c in extract_code(texts) if c]

    def climb(self, max_rounds=5, patience=2):
        """One ascent from the start; gives up early if nothing moves."""
        here, stuck, rounds = self.start, 0, 0
        while stuck < patience and rounds < max_rounds and self.alive():
            rounds += 1
            top = max(self.proposals(here), key=self.score, default=here)
            if self.score(top) > self.score(here):
                here, stuck = top, 0
            else:
                stuck += 1

    def alive(self):
        return self.calls > 0 and len(self.scored) < self.limit


def improve_algorithm(initial_solution, utility, language_model):
    climber = Climber(initial_solution, utility, language_model)
    climber.score(initial_solution)
    while climber.alive():
        climber.climb()
    return max(climber.scored, key=climber.scored.get)
