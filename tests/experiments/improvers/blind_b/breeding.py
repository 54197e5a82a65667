import random
from typing import List

from helpers import extract_code


class Individual:
    def __init__(self, genome: str, fitness: float):
        self.genome = genome
        self.fitness = fitness


class Breeder:
    POPULATION = 8
    CROSSOVER_RATE = 0.6

    def __init__(self, utility, language_model):
        self.utility = utility
        self.language_model = language_model
        self.evaluations_left = utility.budget
        self.rng = random.Random(2024)
        self.population: List[Individual] = []

    def admit(self, genome: str) -> None:
        if self.evaluations_left <= 0:
            return
        self.evaluations_left -= 1
        self.population.append(Individual(genome, self.utility(genome)))

    def tournament(self, size: int = 2) -> Individual:
        group = self.rng.sample(self.population, min(size, len(self.population)))
        return max(group, key=lambda ind: ind.fitness)

    def offspring_message(self) -> str:
        mother = self.tournament()
        father = self.tournament()
        if mother is not father and self.rng.random() < self.CROSSOVER_RATE:
            return (
                "Two programs solve the same task.\n\n"
                f"First (fitness {mother.fitness:.4f}):\n```python\n{mother.genome}\n```\n\n"
                f"Second (fitness {father.fitness:.4f}):\n```python\n{father.genome}\n```\n\n"
                "Merge them into a single program that is fitter than both. Show the whole program."
            )
        return (
            f"This program has fitness {mother.fitness:.4f}.\n```python\n{mother.genome}\n```\n\n"
            f"Fitness is computed by\n```python\n{self.utility.str}\n```\n\n"
            "Introduce a promising variation. Show the whole program."
        )

    def generation(self) -> None:
        n = min(self.language_model.max_responses_per_call, self.evaluations_left)
        messages = [self.offspring_message() for _ in range(n)]
        replies = self.language_model.batch_prompt("You breed programs.", messages, temperature=0.9)
        for genome in extract_code(replies):
            if genome:
                self.admit(genome)
        self.population.sort(key=lambda ind: ind.fitness, reverse=True)
        del self.population[self.POPULATION:]


def improve_algorithm(initial_solution, utility, language_model):
    breeder = Breeder(utility, language_model)
    breeder.admit(initial_solution)
    for _ in range(language_model.budget):
        if breeder.evaluations_left <= 0:
            break
        breeder.generation()
    return max(breeder.population, key=lambda ind: ind.fitness).genome
