"""(mu, lambda) tree of thoughts: the frontier is the top-K of the newest layer, never the ancestors."""
from helpers import extract_code

K = 2


class Memo:
    def __init__(self, u):
        self.u, self.d = u, {}

    def __call__(self, progs):
        new = [p for p in dict.fromkeys(progs) if p not in self.d][: max(0, self.u.budget - self.u.uses)]
        if new:
            self.d.update(zip(new, self.u.batch(new)))
        return {p: self.d[p] for p in progs if p in self.d}

    def best(self):
        return max(self.d, key=self.d.get)


def ask(lm, u, p, s, n):
    m = "\n".join(["# Task", "Raise the score of the program below.", f"# Program (score {s:.4f})", "```python", p, "```",
                   "# Utility", "```python", u.str, "```", "# Answer", "The full new program in one code block."])
    return [c for c in extract_code(lm.prompt("You are a careful researcher.", m, n, temperature=0.9)) if c]


def improve_algorithm(initial_solution, utility, language_model):
    memo = Memo(utility)
    layer = memo([initial_solution])
    while True:
        top = sorted(layer, key=layer.get, reverse=True)[:K]
        kids = []
        for p in top:
            n = min(language_model.max_responses_per_call, utility.budget - utility.uses - len(kids))
            if n < 1 or language_model.times_used >= language_model.budget:
                break
            kids += ask(language_model, utility, p, layer[p], n)
        if language_model.times_used >= language_model.budget or utility.uses >= utility.budget:
            memo(kids)
            return memo.best()
        layer = memo(kids) or layer
