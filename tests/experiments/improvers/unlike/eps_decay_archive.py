import random
from concurrent.futures import ThreadPoolExecutor

from helpers import extract_code


class Archive:
    def __init__(self):
        self.entries = []

    def add(self, code, score):
        self.entries.append((score, code))

    def pick(self, epsilon):
        if random.random() < epsilon:
            return random.choice(self.entries)[1]
        return max(self.entries)[1]


def improve_algorithm(initial_solution, utility, language_model):
    archive = Archive()
    archive.add(initial_solution, utility(initial_solution))
    epsilon = 0.5
    for _ in range(language_model.budget):
        base = archive.pick(epsilon)
        epsilon = max(0.05, epsilon * 0.9)
        message = f"Improve\n```python\n{base}\n```\nfor\n```python\n{utility.str}\n```"
        codes = extract_code(language_model.prompt("You are an expert.", message, n_responses=3, temperature=0.8))
        codes = [code for code in codes if code]
        with ThreadPoolExecutor(3) as pool:
            for code, score in zip(codes, pool.map(utility, codes)):
                archive.add(code, score)
    return max(archive.entries)[1]
