"""Wide independent sampling. Programs that parse to the same tree are evaluated only once."""
import ast
from dataclasses import dataclass, field

from helpers import extract_code


def fingerprint(code: str) -> str:
    try:
        return ast.dump(ast.parse(code))
    except SyntaxError:
        return code


@dataclass
class Pool:
    utility: object
    seen: set = field(default_factory=set)
    scored: list = field(default_factory=list)

    def submit(self, codes):
        fresh = []
        for code in codes:
            mark = fingerprint(code)
            if mark in self.seen:
                continue
            self.seen.add(mark)
            fresh.append(code)
        fresh = fresh[: self.utility.budget - self.utility.uses]
        if fresh:
            self.scored.extend(zip(self.utility.batch(fresh), fresh))

    @property
    def champion(self):
        return max(self.scored, key=lambda item: item[0])[1]


def improve_algorithm(initial_solution, utility, language_model):
    pool = Pool(utility)
    pool.submit([initial_solution])
    message = (
        f"Task: raise the value that this function gives to a program.\n\nThe program:\n```python\n{initial_solution}\n```\n\n"
        f"The function:\n```python\n{utility.str}\n```\n\n"
        "Outline three different approaches in a sentence each, pick the most promising one, and implement it completely."
    )
    width = min(4, language_model.max_responses_per_call)
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        answers = language_model.prompt("You are a principal engineer.", message, n_responses=width, temperature=1.0)
        pool.submit([code for code in map(extract_code, answers) if code])
    return pool.champion
