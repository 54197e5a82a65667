"""Three islands with their own cultures; the model crosses the inhabitants; the fittest emigrate."""
import random
from dataclasses import dataclass, field

from helpers import extract_code

CULTURES = {
    "speed": "The people of this island value fast, tight code. Combine what is quickest in what you see.",
    "rigour": "This island is known for correctness proofs. Merge the ideas so that every corner case is covered.",
    "invention": "Inventors live here. Fuse the given material into an approach that nobody has tried.",
}


@dataclass
class Inhabitant:
    program: str
    score: float
    report: str = ""


@dataclass
class Island:
    name: str
    creed: str
    people: list = field(default_factory=list)

    def settle(self, inhabitant, limit=5):
        if any(p.program == inhabitant.program for p in self.people):
            return
        self.people.append(inhabitant)
        self.people.sort(key=lambda p: p.score, reverse=True)
        del self.people[limit:]

    def choose(self, rng):
        if len(self.people) < 2:
            return self.people[:1]
        return rng.sample(self.people, 2)


class Archipelago:
    def __init__(self, initial_solution, utility, language_model):
        self.utility = utility
        self.language_model = language_model
        self.rng = random.Random(3)
        self.memory = {}
        self.islands = [Island(name, creed) for name, creed in CULTURES.items()]
        self.initial = self.judge([initial_solution])[0]

    def judge(self, programs):
        new = []
        for program in programs:
            if program not in self.memory and program not in new:
                new.append(program)
        new = new[: self.utility.budget - self.utility.uses]
        if new:
            for program, score in zip(new, self.utility.batch(new)):
                self.memory[program] = Inhabitant(program, score, self.utility.feedback(program))
        return [self.memory[program] for program in programs if program in self.memory]

    def letter(self, island, chosen):
        blocks = [island.creed]
        for number, person in enumerate(chosen, 1):
            blocks.append(f"Candidate {number}:\n```python\n{person.program}\n```\nResult: {person.report or person.score}")
        blocks.append(f"Results come from this code:\n```python\n{self.utility.str}\n```")
        blocks.append("Reply with a single complete program.")
        return "\n\n".join(blocks)

    def year(self, island):
        amount = min(self.language_model.max_responses_per_call, self.utility.budget - self.utility.uses)
        chosen = island.choose(self.rng) or [self.initial]
        replies = self.language_model.prompt(
            "You are a gifted programmer.", self.letter(island, chosen), amount, temperature=0.85
        )
        for newborn in self.judge([code for code in extract_code(replies) if code]):
            island.settle(newborn)

    def migrate(self):
        travellers = [island.people[0] if island.people else None for island in self.islands]
        for index, traveller in enumerate(travellers):
            if traveller is not None:
                self.islands[(index + 1) % len(self.islands)].settle(traveller)

    def simulate(self):
        age = 0
        while self.language_model.times_used < self.language_model.budget and self.utility.uses < self.utility.budget:
            self.year(self.islands[age % len(self.islands)])
            age += 1
            if age % (2 * len(self.islands)) == 0:
                self.migrate()
        return max(self.memory.values(), key=lambda p: p.score).program


def improve_algorithm(initial_solution, utility, language_model):
    return Archipelago(initial_solution, utility, language_model).simulate()
