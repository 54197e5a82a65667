import random
from helpers import extract_code


class Evolution:
    def __init__(self, utility, model):
        self.utility, self.model = utility, model
        self.pool = []

    def add(self, program):
        self.pool.append((self.utility(program), program))
        self.pool = sorted(self.pool, reverse=True)[:5]

    def mutate(self, program):
        message = f"Mutate:\n```python\n{program}\n```\nfitness:\n```python\n{self.utility.str}\n```"
        answer = extract_code(self.model.prompt("You mutate programs.", message, 1, 0.7))
        return answer[0] if answer and answer[0] else program

    @staticmethod
    def crossover(x, y):
        k = random.randrange(1, min(len(x), len(y)))
        return x[:k] + y[k:]


def improve_algorithm(initial_solution, utility, language_model):
    search = Evolution(utility, language_model)
    search.add(initial_solution)
    for _ in range(4):
        search.add(search.mutate(initial_solution))
    for _ in range(6):
        x, y = (program for _, program in random.sample(search.pool, 2))
        search.add(search.mutate(search.crossover(x, y)))
    return search.pool[0][1]
