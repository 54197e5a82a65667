import concurrent.futures as cf
from helpers import extract_code

WIDTH = 3


def build_prompt(program, utility_text):
    return (
        "You are given a program and the function that scores it.\n"
        f"Program:\n```python\n{program}\n```\n"
        f"Scoring function:\n```python\n{utility_text}\n```\n"
        "Suggest one substantial improvement and implement it. Return all code."
    )


class Scorer:
    """Scores in threads, and each text once."""

    def __init__(self, utility):
        self.utility = utility
        self.left = utility.budget
        self.table = {}

    def __call__(self, programs):
        fresh = []
        for p in programs:
            if p not in self.table and p not in fresh:
                fresh.append(p)
        fresh = fresh[: max(0, self.left)]
        self.left -= len(fresh)
        with cf.ThreadPoolExecutor(max_workers=4) as ex:
            futures = {ex.submit(self.utility, p): p for p in fresh}
            for fut in cf.as_completed(futures):
                self.table[futures[fut]] = fut.result()


def improve_algorithm(initial_solution, utility, language_model):
    scorer = Scorer(utility)
    scorer([initial_solution])
    beam = [initial_solution]
    calls = language_model.budget
    while calls > 0 and scorer.left > 0:
        children = []
        for program in beam:
            if calls == 0:
                break
            calls -= 1
            n = min(language_model.max_responses_per_call, max(1, scorer.left))
            answers = language_model.batch_prompt(
                "You are an expert programmer.", [build_prompt(program, utility.str)] * n, temperature=0.7
            )
            children += [c for c in extract_code(answers) if c]
        scorer(children)
        beam = sorted(scorer.table, key=scorer.table.get, reverse=True)[:WIDTH]
    return max(scorer.table, key=scorer.table.get)
