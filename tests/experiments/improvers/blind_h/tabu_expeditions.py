"""Expeditions with a tabu list: an expedition that is stuck goes home and sets out again."""
import re
from dataclasses import dataclass, field

from helpers import extract_code

MOVES = (
    "Replace the weakest idea in the program by a stronger one.",
    "Simplify the program, and spend what you save on a better search.",
    "Change the numeric parameters to values that you can justify.",
    "Look for a bug or a special case that costs points, and fix it.",
    "Use another data structure or another known algorithm.",
)


@dataclass
class TabuList:
    entries: set = field(default_factory=set)

    @staticmethod
    def canonical(program):
        return re.sub(r"\s+", "", program)

    def forbids(self, program):
        return self.canonical(program) in self.entries

    def forbid(self, program):
        self.entries.add(self.canonical(program))


@dataclass
class Expedition:
    home: str
    home_score: float
    place: str = ""
    score: float = 0.0
    idle: int = 0

    def __post_init__(self):
        self.return_home()

    def return_home(self):
        self.place, self.score, self.idle = self.home, self.home_score, 0

    def move_to(self, place, score):
        self.place, self.score, self.idle = place, score, 0


class ExpeditionLeader:
    PATIENCE = 2

    def __init__(self, initial_solution, utility, language_model):
        self.utility = utility
        self.language_model = language_model
        self.tabu = TabuList()
        self.tabu.forbid(initial_solution)
        score = utility(initial_solution)
        self.expedition = Expedition(initial_solution, score)
        self.discovery = (score, initial_solution)
        self.turn = 0

    def orders(self):
        return f"""{MOVES[self.turn % len(MOVES)]}

```python
{self.expedition.place}
```

For reference, the evaluation code:

```python
{self.utility.str}
```

Output the complete program."""

    def scout(self):
        amount = min(self.language_model.max_responses_per_call, self.utility.budget - self.utility.uses)
        replies = self.language_model.prompt(
            "You are an explorer of program space.", self.orders(), amount, temperature=0.8
        )
        self.turn += 1
        sightings = []
        for program in extract_code(replies):
            if not program or self.tabu.forbids(program) or self.utility.uses >= self.utility.budget:
                continue
            self.tabu.forbid(program)
            sightings.append((self.utility(program), program))
        return sightings

    def advance(self):
        sightings = self.scout()
        score, program = max(sightings, default=(float("-inf"), ""))
        if score > self.expedition.score:
            self.expedition.move_to(program, score)
        else:
            self.expedition.idle += 1
        self.discovery = max(self.discovery, (score, program))
        if self.expedition.idle >= self.PATIENCE:
            self.expedition.return_home()

    def lead(self):
        while self.language_model.times_used < self.language_model.budget and self.utility.uses < self.utility.budget:
            self.advance()
        return self.discovery[1]


def improve_algorithm(initial_solution, utility, language_model):
    return ExpeditionLeader(initial_solution, utility, language_model).lead()
