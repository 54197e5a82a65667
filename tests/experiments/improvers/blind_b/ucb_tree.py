"""Programs are the arms. An arm pays what its children score (scaled to 0..1); UCB decides which program is extended."""
from __future__ import annotations

import math
from dataclasses import dataclass

from helpers import extract_code


@dataclass
class Arm:
    code: str
    score: float
    visits: int = 1
    total: float = 0.0

    def __post_init__(self) -> None:
        self.total = self.score

    @property
    def mean(self) -> float:
        return self.total / self.visits


class Archive:
    def __init__(self, exploration: float = 0.25) -> None:
        self.arms: list[Arm] = []
        self.seen: dict[str, float] = {}
        self.exploration = exploration

    @staticmethod
    def key(code: str) -> str:
        return "\n".join(line.rstrip() for line in code.strip().splitlines())

    def known(self, code: str) -> float | None:
        return self.seen.get(self.key(code))

    def add(self, code: str, score: float) -> None:
        self.seen[self.key(code)] = score
        self.arms.append(Arm(code, score))

    def pick(self) -> Arm:
        low = min(a.mean for a in self.arms)
        high = max(a.mean for a in self.arms)
        span = (high - low) or 1.0
        plays = sum(a.visits for a in self.arms)

        def bound(a: Arm) -> float:
            return (a.mean - low) / span + self.exploration * math.sqrt(math.log(plays) / a.visits)

        return max(self.arms, key=bound)


def improve_algorithm(initial_solution, utility, language_model):
    archive = Archive()
    archive.add(initial_solution, utility(initial_solution))
    scores_left = utility.budget - 1

    for _ in range(language_model.budget):
        n = min(language_model.max_responses_per_call, scores_left)
        if n <= 0:
            break
        arm = archive.pick()
        prompt = (
            f"```python\n{arm.code}\n```\n\nThe program above is measured by this function:\n\n"
            f"```python\n{utility.str}\n```\n\nWrite a program that measures higher. Output one Python block."
        )
        for code in extract_code(language_model.batch_prompt("You are an algorithm engineer.", [prompt] * n, temperature=0.8)):
            if not code:
                continue
            value = archive.known(code)
            if value is None:
                value = utility(code)
                scores_left -= 1
                archive.add(code, value)
            arm.visits += 1
            arm.total += value

    return max(archive.arms, key=lambda a: a.score).code
