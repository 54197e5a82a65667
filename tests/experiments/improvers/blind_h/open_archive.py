"""Open-ended search: any program that ever worked may be the next stepping stone, with equal chances."""
import random
from dataclasses import dataclass, field

from helpers import extract_code


@dataclass
class SteppingStone:
    program: str
    score: float
    generation: int


@dataclass
class StoneArchive:
    stones: list = field(default_factory=list)
    rng: random.Random = field(default_factory=lambda: random.Random(41))

    def lay(self, stone):
        self.stones.append(stone)

    def step(self):
        return self.rng.choice(self.stones)

    def highest(self, fallback):
        return max(self.stones + [fallback], key=lambda s: s.score)


class OpenEndedExplorer:
    """Does not chase the objective: the score only decides what is handed back in the end."""

    TEMPERATURE = 0.9

    def __init__(self, initial_solution, utility, language_model):
        self.utility = utility
        self.language_model = language_model
        self.archive = StoneArchive()
        self.shore = SteppingStone(initial_solution, utility(initial_solution), 0)

    def budget_left(self):
        return self.language_model.times_used < self.language_model.budget and self.utility.uses < self.utility.budget

    def question(self, stone):
        return "\n".join([
            "Here is a program from our archive:",
            "```python",
            stone.program,
            "```",
            "The archive serves the following objective:",
            "```python",
            self.utility.str,
            "```",
            "Write an interesting and useful variation of the program, as complete source code.",
        ])

    def leap(self):
        stone = self.archive.step() if self.archive.stones else self.shore
        amount = min(self.language_model.max_responses_per_call, self.utility.budget - self.utility.uses)
        replies = self.language_model.prompt(
            "You are a curious inventor.", self.question(stone), amount, temperature=self.TEMPERATURE
        )
        for program in extract_code(replies):
            if program and self.utility.uses < self.utility.budget:
                self.archive.lay(SteppingStone(program, self.utility(program), stone.generation + 1))

    def explore(self):
        while self.budget_left():
            self.leap()
        return self.archive.highest(self.shore).program


def improve_algorithm(initial_solution, utility, language_model):
    return OpenEndedExplorer(initial_solution, utility, language_model).explore()
