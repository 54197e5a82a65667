import random
from helpers import extract_code


class Individual:
    def __init__(self, code, fitness):
        self.code = code
        self.fitness = fitness


def tournament(population, k=2):
    """Pick k at random, return the fittest of them."""
    return max(random.sample(population, min(k, len(population))), key=lambda ind: ind.fitness)


def improve_algorithm(initial_solution, utility, language_model):
    """Improves a solution using a genetic algorithm whose operators are the language model."""
    expertise = "You are an expert in evolutionary computation and algorithm design."
    POPULATION_SIZE = 6
    CROSSOVER_TEMPERATURE = 0.5   # stay close to the parents
    MUTATION_TEMPERATURE = 1.0    # be creative

    calls = language_model.budget
    responses = language_model.max_responses_per_call

    def can_score():
        return utility.uses < utility.budget

    def mutate_message(parent):
        return f"""The following program has fitness {parent.fitness:.4f}:
```python
{parent.code}
```
Fitness is measured by:
```python
{utility.str}
```
Mutate the program: make one significant change that may increase its fitness. Return the whole program."""

    def crossover_message(a, b):
        return f"""Parent A (fitness {a.fitness:.4f}):
```python
{a.code}
```
Parent B (fitness {b.fitness:.4f}):
```python
{b.code}
```
Fitness is measured by:
```python
{utility.str}
```
Create a child that combines the strengths of both parents. Return the whole program."""

    population = [Individual(initial_solution, utility(initial_solution))]
    best = population[0]

    def add(responses_):
        nonlocal best
        for code in extract_code(responses_):
            if code and can_score():
                ind = Individual(code, utility(code))
                population.append(ind)
                if ind.fitness > best.fitness:
                    best = ind

    # --- initial population -------------------------------------------------
    if calls > 0:
        n = min(responses, POPULATION_SIZE - 1, max(1, utility.budget // 3))
        add(language_model.prompt(expertise, mutate_message(population[0]), n_responses=n,
                                  temperature=MUTATION_TEMPERATURE))

    # --- generations --------------------------------------------------------
    per_call = max(1, min(3, responses, (utility.budget - utility.uses) // max(1, calls - 1)))
    for generation in range(calls - 1):
        if not can_score():
            break
        if len(population) > 1 and generation % 3 != 2:
            a = tournament(population)
            b = tournament([p for p in population if p is not a])
            answers = language_model.prompt(expertise, crossover_message(a, b), n_responses=per_call,
                                            temperature=CROSSOVER_TEMPERATURE)
        else:
            answers = language_model.prompt(expertise, mutate_message(tournament(population)), n_responses=per_call,
                                            temperature=MUTATION_TEMPERATURE)
        add(answers)
        # survival of the fittest
        population.sort(key=lambda ind: ind.fitness, reverse=True)
        del population[POPULATION_SIZE:]

    return best.code
