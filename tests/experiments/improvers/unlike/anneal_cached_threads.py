import math
import random
from concurrent.futures import ThreadPoolExecutor

from helpers import extract_code


class Chain:
    def __init__(self, code, score):
        self.code = self.best = code
        self.score = self.best_score = score

    def offer(self, code, score, heat):
        if score > self.score or random.random() < math.exp(-(self.score - score) / heat):
            self.code, self.score = code, score
        if score > self.best_score:
            self.best, self.best_score = code, score


def improve_algorithm(initial_solution, utility, language_model):
    """Two independent annealing chains, advanced together; the scores are remembered."""
    memory = {initial_solution: utility(initial_solution)}
    chains = [Chain(initial_solution, memory[initial_solution]) for _ in range(2)]
    steps = language_model.budget
    with ThreadPoolExecutor(2) as pool:
        for step in range(steps):
            heat = 0.1 * (1 - step / steps) + 0.005
            messages = [
                f"Change one thing in this program:\n```python\n{chain.code}\n```\nso that this rises:\n{utility.str}"
                for chain in chains
            ]
            codes = extract_code(language_model.batch_prompt("You are precise.", messages, temperature=0.8))
            unknown = [code for code in dict.fromkeys(codes) if code and code not in memory]
            memory.update(zip(unknown, pool.map(utility, unknown)))
            for chain, code in zip(chains, codes):
                if code:
                    chain.offer(code, memory[code], heat)
    return max(chains, key=lambda chain: chain.best_score).best
