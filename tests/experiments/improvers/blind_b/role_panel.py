from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from helpers import extract_code

PANEL = [
    "You are a competitive programmer who knows every classic algorithm.",
    "You are a numerical analyst who distrusts heuristics without evidence.",
    "You are a performance engineer: you remove wasted work first.",
    "You are a researcher in metaheuristics.",
]


@dataclass(frozen=True)
class Candidate:
    text: str
    value: float


class Panel:
    """Asks every expert of the panel about the original program."""

    def __init__(self, utility, language_model, workers: int = 5):
        self.utility = utility
        self.model = language_model
        self.workers = workers
        self.left = utility.budget

    def score_all(self, texts: list[str]) -> list[Candidate]:
        texts = texts[: self.left]
        self.left -= len(texts)
        with ThreadPoolExecutor(max_workers=self.workers) as pool:
            return [Candidate(t, v) for t, v in zip(texts, pool.map(self.utility, texts))]

    def consult(self, expert: str, program: str) -> list[Candidate]:
        n = min(self.model.max_responses_per_call, self.left)
        message = (
            "Please rewrite the following program so that it gets a higher score.\n\n"
            f"```python\n{program}\n```\n\nIts score is computed as follows:\n\n"
            f"```python\n{self.utility.str}\n```\n\nReply with the complete new program."
        )
        replies = self.model.batch_prompt(expert, [message] * n, temperature=0.7)
        return self.score_all([c for c in extract_code(replies) if c])


def improve_algorithm(initial_solution, utility, language_model):
    """Best answer of a panel of experts, each asked in turn."""
    panel = Panel(utility, language_model)
    found = panel.score_all([initial_solution])
    for i in range(language_model.budget):
        if panel.left <= 0:
            break
        found += panel.consult(PANEL[i % len(PANEL)], initial_solution)
    return max(found, key=lambda c: c.value).text
