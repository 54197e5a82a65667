from helpers import extract_code


class Scores(dict):
    def __init__(self, utility):
        super().__init__()
        self.utility = utility

    def __missing__(self, code):
        self[code] = self.utility(code)
        return self[code]


def improve_algorithm(initial_solution, utility, language_model):
    scores = Scores(utility)
    best = initial_solution
    scores[best]
    for _ in range(language_model.budget):
        message = f"Code:\n```python\n{best}\n```\nOptimise it for:\n```python\n{utility.str}\n```"
        for code in extract_code(language_model.prompt("You are an optimiser.", message, n_responses=3, temperature=0.7)):
            if code and scores[code] >= scores[best]:
                best = code
    return best
