import random

from helpers import extract_code

ISLANDS, SIZE = 3, 4


def ask_for_offspring(language_model, utility, mother, father):
    prompt = f"""Two programs solve the same problem.

Program A:
```python
{mother}
```

Program B:
```python
{father}
```

Write a third program that unites what is good in A with what is good in B. Fitness:
{utility.str}"""
    return extract_code(language_model.prompt("You are an evolutionary programmer.", prompt, 3, 0.9))


def mutate(language_model, utility, program):
    prompt = f"Write a variant of this program:\n```python\n{program}\n```\nFitness:\n{utility.str}"
    return extract_code(language_model.prompt("You are an evolutionary programmer.", prompt, 3, 0.9))


def improve_algorithm(initial_solution, utility, language_model):
    """Islands that evolve by themselves; now and then the best of one moves to the next."""
    rng = random.Random(7)
    start = utility(initial_solution)
    islands = [[(start, initial_solution)] for _ in range(ISLANDS)]
    for generation in range(language_model.budget):
        island = islands[generation % ISLANDS]
        if len(island) < 2:
            children = mutate(language_model, utility, island[0][1])
        else:
            (_, mother), (_, father) = rng.sample(island, 2)
            children = ask_for_offspring(language_model, utility, mother, father)
        island += [(utility(child), child) for child in children if child]
        island.sort(reverse=True)
        del island[SIZE:]
        if generation % 6 == 5:
            for number in range(ISLANDS):
                islands[(number + 1) % ISLANDS].append(max(islands[number]))
    return max(member for island in islands for member in island)[1]
