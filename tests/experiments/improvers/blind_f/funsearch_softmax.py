"""A program database as in FunSearch: nothing is thrown away; two programs are drawn by a softmax over
their scores, shown as v0 and v1 in ascending order, and the model completes v2."""
import math
import random
from dataclasses import dataclass

from helpers import extract_code


@dataclass
class Entry:
    text: str
    score: float


class ProgramsDatabase:
    def __init__(self, temperature=0.03):
        self.entries = []
        self.temperature = temperature

    def register(self, text, score):
        self.entries.append(Entry(text, score))

    def _draw(self, entries):
        top = max(e.score for e in entries)
        weights = [math.exp((e.score - top) / self.temperature) for e in entries]
        return random.choices(entries, weights=weights)[0]

    def sample(self):
        first = self._draw(self.entries)
        rest = [e for e in self.entries if e.text != first.text]
        if not rest:
            return [first]
        return sorted([first, self._draw(rest)], key=lambda e: e.score)

    def best(self):
        return max(self.entries, key=lambda e: e.score)


def build_prompt(sampled, objective):
    sections = []
    for version, entry in enumerate(sampled):
        note = "" if version == 0 else " (improves on the previous version)"
        sections.append(f"# version v{version}{note}\n```python\n{entry.text}\n```")
    sections.append(f"The versions are judged by\n```python\n{objective}\n```")
    if len(sampled) == 1:
        sections.append("Write version v1, an improvement of v0. Keep the names of the functions.")
    else:
        sections.append("Write version v2: it takes over the good ideas of both versions. Keep the names of the functions.")
    return "\n\n".join(sections)


def improve_algorithm(initial_solution, utility, language_model):
    database = ProgramsDatabase()
    database.register(initial_solution, utility(initial_solution))
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        prompt = build_prompt(database.sample(), utility.str)
        n = min(2, language_model.max_responses_per_call, utility.budget - utility.uses)
        for text in extract_code(language_model.prompt("You complete programs.", prompt, n_responses=n, temperature=0.8)):
            if text:
                database.register(text, utility(text))
    return database.best().text
