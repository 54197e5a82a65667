"""Islands with tournaments; children by mutation, by a merge of the model, or by an AST splice."""
import ast
import hashlib
import random
from dataclasses import dataclass, field

from helpers import extract_code

MUTATIONS = [
    "Tune the constants and the stopping criteria of this program.",
    "Replace the core heuristic of this program by a stronger one.",
    "Make this program faster, and spend the time saved on more iterations.",
    "Make this program robust: no input may crash it or take too long.",
]


@dataclass
class Individual:
    code: str
    fitness: float
    origin: str = "seed"


@dataclass
class Island:
    members: list = field(default_factory=list)
    capacity: int = 5

    def tournament(self, rng, k=2):
        return max(rng.sample(self.members, min(k, len(self.members))), key=lambda x: x.fitness)

    def insert(self, ind):
        self.members.append(ind)
        self.members.sort(key=lambda x: x.fitness, reverse=True)
        del self.members[self.capacity:]


def digest(code):
    try:
        return hashlib.md5(ast.dump(ast.parse(code)).encode()).hexdigest()
    except SyntaxError:
        return hashlib.md5(code.encode()).hexdigest()


def splice(a, b, rng):
    """The program a with some of the functions of b."""
    try:
        ta, tb = ast.parse(a), ast.parse(b)
    except SyntaxError:
        return None
    theirs = {n.name: n for n in tb.body if isinstance(n, ast.FunctionDef)}
    shared = [n.name for n in ta.body if isinstance(n, ast.FunctionDef) and n.name in theirs]
    if len(shared) < 2:
        return None
    chosen = set(rng.sample(shared, rng.randint(1, len(shared) - 1)))
    ta.body = [theirs[n.name] if getattr(n, "name", None) in chosen else n for n in ta.body]
    return ast.unparse(ast.fix_missing_locations(ta))


class Evolution:
    def __init__(self, initial, utility, model, n_islands=2, seed=7):
        self.rng = random.Random(seed)
        self.utility, self.model = utility, model
        self.cache = {}
        first = Individual(initial, self.score(initial))
        self.islands = [Island([first]) for _ in range(n_islands)]
        self.best = first

    def score(self, code):
        d = digest(code)
        if d in self.cache:
            return self.cache[d]
        if self.utility.uses >= self.utility.budget:
            return float("-inf")
        self.cache[d] = self.utility(code)
        return self.cache[d]

    def admit(self, island, code, origin):
        if not code or digest(code) in self.cache:
            return
        ind = Individual(code, self.score(code), origin)
        island.insert(ind)
        if ind.fitness > self.best.fitness:
            self.best = ind

    def mutate_prompt(self, parent):
        return f"{self.rng.choice(MUTATIONS)}\n\n```python\n{parent.code}\n```\n\nReturn the complete program."

    def merge_prompt(self, a, b):
        return ("Here are two programs for the same task.\n\nProgram A:\n```python\n" + a.code
                + "\n```\n\nProgram B:\n```python\n" + b.code
                + "\n```\n\nCombine the strong ideas of both into one new program. Return the complete program.")

    def generation(self, number):
        island = self.islands[number % len(self.islands)]
        messages, origins = [], []
        for i in range(min(4, self.model.max_responses_per_call)):
            a, b = island.tournament(self.rng), island.tournament(self.rng)
            if a.code != b.code and i % 2:
                messages.append(self.merge_prompt(a, b))
                origins.append("merge")
            else:
                messages.append(self.mutate_prompt(a))
                origins.append("mutation")
        replies = self.model.batch_prompt("You evolve programs.", messages, temperature=0.9)
        for origin, reply in zip(origins, replies):
            self.admit(island, extract_code(reply), origin)
        if len(island.members) > 2:
            a, b = self.rng.sample(island.members, 2)
            self.admit(island, splice(a.code, b.code, self.rng), "splice")

    def migrate(self):
        tops = [isl.members[0] for isl in self.islands]
        for i, isl in enumerate(self.islands):
            guest = tops[i - 1]
            if all(guest.code != m.code for m in isl.members):
                isl.insert(guest)

    def run(self):
        g = 0
        while self.model.times_used < self.model.budget and self.utility.uses < self.utility.budget:
            self.generation(g)
            g += 1
            if g % 4 == 0:
                self.migrate()
        return self.best.code


def improve_algorithm(initial_solution, utility, language_model):
    return Evolution(initial_solution, utility, language_model).run()
