"""Steady-state evolution in which the model marries two unrelated programs."""
import functools
import random
from dataclasses import dataclass

from helpers import extract_code

CROSSOVER_TEMPERATURE = 0.5
MUTATION_TEMPERATURE = 1.0
POPULATION_LIMIT = 6


@dataclass(frozen=True)
class Organism:
    code: str
    score: float
    ancestors: frozenset

    def is_related_to(self, other):
        return self.code in other.ancestors or other.code in self.ancestors or self.code == other.code


class PromptFactory:
    def __init__(self, utility):
        self.utility = utility

    def mutation(self, organism):
        return f"""The following program reaches a score of {organism.score:.4f}.

```python
{organism.code}
```

The score is computed by

```python
{self.utility.str}
```

Write a mutated version that scores higher. Return the entire program."""

    def crossover(self, left, right):
        return f"""Two programs were found independently.

Program A (score {left.score:.4f}):
```python
{left.code}
```

Program B (score {right.score:.4f}):
```python
{right.code}
```

The score is computed by

```python
{self.utility.str}
```

Write one program that inherits the strengths of both. Return the entire program."""


def find_couple(population, generator):
    """Returns two members of which neither descends from the other, or None."""
    candidates = []
    for i, left in enumerate(population):
        for right in population[i + 1:]:
            if not left.is_related_to(right):
                candidates.append((left, right))
    return generator.choice(candidates) if candidates else None


def survivors(population):
    unique = {}
    for organism in population:
        unique.setdefault(organism.code, organism)
    return sorted(unique.values(), key=lambda o: o.score, reverse=True)[:POPULATION_LIMIT]


def improve_algorithm(initial_solution, utility, language_model):
    generator = random.Random(7)
    prompts = PromptFactory(utility)
    evaluate = functools.lru_cache(maxsize=None)(lambda code: utility(code))

    population = [Organism(initial_solution, evaluate(initial_solution), frozenset())]
    turn = 0
    while language_model.times_used < language_model.budget:
        slots = utility.budget - utility.uses
        if slots <= 0:
            break
        couple = find_couple(population, generator) if turn % 3 != 0 else None
        if couple is not None:
            left, right = couple
            message, temperature = prompts.crossover(left, right), CROSSOVER_TEMPERATURE
            ancestors = left.ancestors | right.ancestors | {left.code, right.code}
        else:
            parent = population[0]
            message, temperature = prompts.mutation(parent), MUTATION_TEMPERATURE
            ancestors = parent.ancestors | {parent.code}
        amount = min(language_model.max_responses_per_call, slots)
        replies = language_model.prompt(
            "You are an expert in evolutionary program synthesis.", message, amount, temperature=temperature
        )
        for code in extract_code(replies):
            if not code or utility.uses >= utility.budget:
                continue
            population.append(Organism(code, evaluate(code), ancestors))
        population = survivors(population)
        turn += 1
    return population[0].code
