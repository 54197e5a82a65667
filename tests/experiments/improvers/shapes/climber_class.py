from concurrent.futures import ThreadPoolExecutor

from helpers import extract_code


class HillClimber:
    """Keeps the incumbent; asks for more answers at once when nothing was gained."""

    def __init__(self, utility, language_model, start):
        self.utility, self.model = utility, language_model
        self.incumbent, self.value = start, utility(start)
        self.left = utility.budget - 1
        self.width = 2

    def neighbours(self):
        prompt = (
            f"Here is the incumbent program:\n\n```python\n{self.incumbent}\n```\n\n"
            f"The objective function is:\n\n```python\n{self.utility.str}\n```\n\n"
            "Rewrite the program so that it reaches a higher objective."
        )
        width = min(self.width, self.model.max_responses_per_call, self.left)
        answers = self.model.prompt("You are a performance engineer.", prompt, n_responses=width, temperature=0.7)
        return [code for code in extract_code(answers) if code]

    def step(self):
        fresh = self.neighbours()
        with ThreadPoolExecutor(max_workers=4) as pool:
            values = list(pool.map(self.utility, fresh))
        self.left -= len(fresh)
        value, code = max(zip(values, fresh), default=(-1.0, ""))
        if value > self.value:
            self.incumbent, self.value, self.width = code, value, 2
        else:
            self.width += 1


def improve_algorithm(initial_solution, utility, language_model):
    climber = HillClimber(utility, language_model, initial_solution)
    for _ in range(language_model.budget):
        if climber.left <= 0:
            break
        climber.step()
    return climber.incumbent
