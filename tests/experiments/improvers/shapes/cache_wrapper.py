import hashlib

from helpers import extract_code


class Remembering:
    """Wraps the utility; one program, whatever its spaces, is measured once."""

    def __init__(self, utility):
        self._utility, self._memory = utility, {}

    def __call__(self, code):
        key = hashlib.sha256("".join(code.split()).encode()).hexdigest()
        if key not in self._memory:
            self._memory[key] = self._utility(code)
        return self._memory[key]


def improve_algorithm(initial_solution, utility, language_model):
    score = Remembering(utility)
    best = initial_solution
    for turn in range(language_model.budget):
        prompt = f"Round {turn + 1}. Improve:\n```python\n{best}\n```\nby this measure:\n{utility.str}"
        codes = extract_code(language_model.prompt("You are a coder.", prompt, n_responses=3, temperature=0.7))
        best = max([best] + [code for code in codes if code], key=score)
    return best
