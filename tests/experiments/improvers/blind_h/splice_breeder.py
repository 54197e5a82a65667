"""Genetic programming over source text: children are spliced from two parents, then polished by the model."""
import ast
import hashlib
import random
from dataclasses import dataclass, field

from helpers import extract_code


@dataclass
class Individual:
    source: str
    fitness: float
    born: int = 0


@dataclass
class BreederConfig:
    population_size: int = 8
    tournament_size: int = 3
    sampling_temperature: float = 0.8
    seed: int = 20240


@dataclass
class Population:
    limit: int
    members: list = field(default_factory=list)

    def admit(self, individual):
        self.members.append(individual)
        self.members.sort(key=lambda m: m.fitness, reverse=True)
        del self.members[self.limit:]

    @property
    def champion(self):
        return self.members[0]


class FitnessOracle:
    """Wraps the utility; every distinct program is measured at most once."""

    def __init__(self, utility):
        self.utility = utility
        self.known = {}

    @staticmethod
    def digest(source):
        return hashlib.sha256(source.strip().encode("utf-8")).hexdigest()

    def remaining(self):
        return self.utility.budget - self.utility.uses

    def evaluate_new(self, sources):
        fresh, digests = [], []
        for source in sources:
            key = self.digest(source)
            if key in self.known or key in digests:
                continue
            if len(fresh) >= self.remaining():
                break
            fresh.append(source)
            digests.append(key)
        if not fresh:
            return []
        scores = self.utility.batch(fresh)
        for key, score in zip(digests, scores):
            self.known[key] = score
        return list(zip(fresh, scores))


def parses(source):
    try:
        ast.parse(source)
        return True
    except (SyntaxError, ValueError):
        return False


def top_level_chunks(source):
    """Maps the name of every top-level definition to its text."""
    lines = source.splitlines()
    chunks = {}
    for node in ast.parse(source).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            chunks[node.name] = "\n".join(lines[node.lineno - 1:node.end_lineno])
    return chunks


def splice_definitions(mother, father, rng):
    mine, theirs = top_level_chunks(mother), top_level_chunks(father)
    shared = [name for name in mine if name in theirs and mine[name] != theirs[name]]
    if len(shared) < 2:
        return None
    child = mother
    for name in rng.sample(shared, max(1, len(shared) // 2)):
        child = child.replace(mine[name], theirs[name])
    return child if parses(child) else None


def splice_lines(mother, father, rng, attempts=12):
    a, b = mother.splitlines(), father.splitlines()
    for _ in range(attempts):
        cut = rng.random()
        child = "\n".join(a[:int(cut * len(a))] + b[int(cut * len(b)):])
        if parses(child) and child.strip() not in ("", mother.strip(), father.strip()):
            return child
    return None


def graft_donor(mother, father):
    """Joins the texts: the father's last definition is appended to the mother under another name."""
    body = mother
    for name, text in top_level_chunks(mother).items():
        if name.startswith("donor_"):
            body = body.replace(text, "")
    donors = {n: t for n, t in top_level_chunks(father).items() if not n.startswith("donor_")}
    if not donors:
        return None
    name, text = list(donors.items())[-1]
    renamed = text.replace(f" {name}(", f" donor_{name}(", 1)
    child = f"{body.rstrip()}\n\n\n{renamed}\n"
    return child if parses(child) else None


class SplicingBreeder:
    def __init__(self, initial_solution, utility, language_model, config):
        self.initial = initial_solution
        self.utility = utility
        self.model = language_model
        self.config = config
        self.oracle = FitnessOracle(utility)
        self.rng = random.Random(config.seed)
        self.population = Population(config.population_size)

    def build_message(self, source):
        return (
            "Below is a Python program. Repair anything that looks inconsistent and make it better.\n\n"
            f"```python\n{source}\n```\n\n"
            f"This is how it will be judged:\n\n```python\n{self.utility.str}\n```\n\n"
            "Answer with the complete program in one Python block."
        )

    def tournament(self):
        size = min(self.config.tournament_size, len(self.population.members))
        return max(self.rng.sample(self.population.members, size), key=lambda m: m.fitness)

    def conceive(self):
        mother = self.tournament()
        others = [m for m in self.population.members if m is not mother]
        if not others:
            return mother.source
        father = self.rng.choice(others)
        child = splice_definitions(mother.source, father.source, self.rng)
        if child is None:
            child = splice_lines(mother.source, father.source, self.rng)
        if child is None:
            child = graft_donor(mother.source, father.source)
        return child if child is not None else mother.source

    def generation(self, index, embryos):
        replies = self.model.batch_prompt(
            "You are a careful Python engineer.",
            [self.build_message(e) for e in embryos],
            temperature=self.config.sampling_temperature,
        )
        grown = [code for code in extract_code(replies) if code]
        unpolished = [e for e in embryos[:1] if index > 0]
        for source, fitness in self.oracle.evaluate_new(grown + unpolished):
            self.population.admit(Individual(source, fitness, index))

    def run(self):
        for source, fitness in self.oracle.evaluate_new([self.initial]):
            self.population.admit(Individual(source, fitness))
        index = 0
        while self.model.times_used < self.model.budget and self.oracle.remaining() > 0:
            width = min(self.model.max_responses_per_call, self.oracle.remaining())
            embryos = [self.initial] * width if index == 0 else [self.conceive() for _ in range(width)]
            self.generation(index, embryos)
            index += 1
        return self.population.champion.source


def improve_algorithm(initial_solution, utility, language_model):
    return SplicingBreeder(initial_solution, utility, language_model, BreederConfig()).run()
