import hashlib
import random
from dataclasses import dataclass

from helpers import extract_code


@dataclass(frozen=True)
class Individual:
    code: str
    fitness: float


class Island:
    def __init__(self, seed: Individual, capacity: int = 5):
        self.members = [seed]
        self.capacity = capacity

    def add(self, individual: Individual):
        self.members.append(individual)
        self.members.sort(key=lambda m: -m.fitness)
        del self.members[self.capacity:]

    def tournament(self, rng, exclude=None):
        pool = [m for m in self.members if exclude is None or m.code != exclude.code]
        if not pool:
            return None
        return max(rng.sample(pool, min(2, len(pool))), key=lambda m: m.fitness)


class Archive:
    """Every program that was ever scored, by the hash of its text without trailing blanks."""

    def __init__(self, utility):
        self.utility = utility
        self.scores = {}

    @staticmethod
    def key(code):
        text = "\n".join(line.rstrip() for line in code.strip().splitlines())
        return hashlib.sha256(text.encode()).hexdigest()

    def score_all(self, codes):
        fresh = {}
        for code in codes:
            if self.key(code) not in self.scores:
                fresh.setdefault(self.key(code), code)
        room = max(0, self.utility.budget - self.utility.uses)
        todo = list(fresh.items())[:room]
        if todo:
            for (key, _), value in zip(todo, self.utility.batch([code for _, code in todo])):
                self.scores[key] = value
        return [Individual(c, self.scores[self.key(c)]) for c in codes if self.key(c) in self.scores]


def describe(title, individual, utility):
    return (f"{title} (fitness {individual.fitness:.4f}):\n```python\n{individual.code}\n```\n"
            f"{utility.feedback(individual.code)}\n")


def improve_algorithm(initial_solution, utility, language_model):
    rng = random.Random(7)
    archive = Archive(utility)
    origin = archive.score_all([initial_solution])[0]
    islands = [Island(origin), Island(origin)]
    best = origin
    step = 0
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        island = islands[step % len(islands)]
        mother = island.tournament(rng)
        father = island.tournament(rng, exclude=mother)
        if father is None:
            text = describe("Program", mother, utility) + "Write a better program for the same task."
        else:
            text = (describe("Parent A", mother, utility) + describe("Parent B", father, utility)
                    + "Write a child of A and B: keep what works in each, and repair what fails.")
        text += f"\nFitness function:\n```python\n{utility.str}\n```"
        n = min(3, language_model.max_responses_per_call)
        answers = language_model.prompt("You evolve programs.", text, n_responses=n, temperature=0.8)
        for child in archive.score_all([c for c in extract_code(answers) if c]):
            island.add(child)
            if child.fitness > best.fitness:
                best = child
        step += 1
        if step % 4 == 0:  # migration around the ring
            champions = [isl.members[0] for isl in islands]
            for i, champion in enumerate(champions):
                islands[(i + 1) % len(islands)].add(champion)
    return best.code
