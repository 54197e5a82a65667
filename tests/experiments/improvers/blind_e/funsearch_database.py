"""A small FunSearch: islands of clusters, Boltzmann sampling of clusters, best-shot prompts with two versions."""
import math
import random
from collections import defaultdict

from helpers import extract_code


def softmax_choice(rng, items, scores, temperature):
    top = max(scores)
    spread = (top - min(scores)) or 1.0
    weights = [math.exp((s - top) / (spread * temperature)) for s in scores]
    return rng.choices(range(len(items)), weights=weights)[0]


class Island:
    """Keeps everything that was ever registered, in clusters of equal score."""

    def __init__(self, rng):
        self.rng = rng
        self.clusters = defaultdict(list)

    def register(self, code, score):
        self.clusters[round(score, 6)].append(code)

    def sample(self, k, temperature):
        signatures = sorted(self.clusters)
        chosen = []
        pool = list(signatures)
        while pool and len(chosen) < k:
            i = softmax_choice(self.rng, pool, pool, temperature)
            sig = pool.pop(i)
            # shorter programs are preferred within a cluster
            members = self.clusters[sig]
            lengths = [len(m) for m in members]
            w = [math.exp(-(n - min(lengths)) / (max(lengths) + 1e-6)) for n in lengths]
            chosen.append((sig, self.rng.choices(members, weights=w)[0]))
        return sorted(chosen)

    @property
    def best(self):
        sig = max(self.clusters)
        return sig, self.clusters[sig][0]


class ProgramsDatabase:
    def __init__(self, seed_code, seed_score, n_islands=2):
        self.rng = random.Random(42)
        self.islands = [Island(self.rng) for _ in range(n_islands)]
        for isl in self.islands:
            isl.register(seed_code, seed_score)
        self.counter = 0

    def get_prompt(self):
        self.counter += 1
        idx = self.rng.randrange(len(self.islands))
        temperature = max(0.15, 0.5 * (1 - self.counter / 30))
        versions = self.islands[idx].sample(2, temperature)
        text = ""
        for i, (_, code) in enumerate(versions):
            text += f"Version v{i}:\n```python\n{code}\n```\n\n"
        n = len(versions)
        if n == 1:
            text += "Write v1, an improved version of v0."
        else:
            text += f"v1 is an improvement of v0. Write v{n}, which takes over what works in both and goes further."
        return idx, text + " Keep the original function names. Return one python block."

    def best(self):
        return max((isl.best for isl in self.islands), key=lambda b: b[0])


def improve_algorithm(initial_solution, utility, language_model):
    db = ProgramsDatabase(initial_solution, utility(initial_solution))
    samples = min(3, language_model.max_responses_per_call)
    while language_model.times_used < language_model.budget:
        island_id, prompt = db.get_prompt()
        for response in language_model.prompt("You write the next version of a function.", prompt,
                                              n_responses=samples, temperature=0.8):
            code = extract_code(response)
            if code is None:
                continue
            if utility.uses >= utility.budget:
                return db.best()[1]
            db.islands[island_id].register(code, utility(code))
    return db.best()[1]
