"""Climbs whose lengths follow the Luby sequence; each has another style, and gets bolder while it is stuck."""
from dataclasses import dataclass, field

from helpers import extract_code

STYLES = [
    ("You are a pragmatic engineer.", "Improve the program below by safe, local changes."),
    ("You are a researcher who reads everything.", "Bring the program below to the state of the art."),
    ("You are an artist of code golf turned optimizer.", "Find a surprising trick for the program below."),
]


def luby(i):
    k = 1
    while (1 << k) - 1 < i:
        k += 1
    return 1 << (k - 1) if (1 << k) - 1 == i else luby(i - (1 << (k - 1)) + 1)


@dataclass
class Evaluator:
    utility: object
    known: dict = field(default_factory=dict)

    def __call__(self, code):
        key = " ".join(code.split())
        if key in self.known:
            return self.known[key]
        self.known[key] = self.utility(code)
        return self.known[key]

    @property
    def exhausted(self):
        return self.utility.uses >= self.utility.budget


def improve_algorithm(initial_solution, utility, language_model):
    evaluate = Evaluator(utility)
    start = evaluate(initial_solution)
    best, best_score = initial_solution, start
    climb = 0
    while language_model.times_used < language_model.budget and not evaluate.exhausted:
        climb += 1
        expertise, task = STYLES[(climb - 1) % len(STYLES)]
        current, score, stuck = initial_solution, start, 0
        for _ in range(2 * luby(climb)):
            if language_model.times_used >= language_model.budget or evaluate.exhausted:
                break
            temperature = min(1.2, 0.5 + 0.2 * stuck)
            message = f"{task}\n```python\n{current}\n```\nObjective:\n{utility.str}\nReturn a complete program in a python block."
            replies = language_model.prompt(expertise, message, temperature=temperature,
                                            n_responses=min(2, language_model.max_responses_per_call))
            improved = False
            for code in extract_code(replies):
                if not code:
                    continue
                s = evaluate(code)
                if s > score:
                    current, score, improved = code, s, True
            stuck = 0 if improved else stuck + 1
        if score > best_score:
            best, best_score = current, score
    return best
