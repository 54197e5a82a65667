import random
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Evolution where the model itself mates two parents; every third call mutates one parent."""
    expertise = "You are a researcher in evolutionary computation and a skilled programmer."
    limit, used = utility.budget, set()

    @lru_cache(maxsize=None)
    def fitness(code):
        return utility(code)

    def admit(codes):
        fresh = [c for c in dict.fromkeys(codes) if c and c not in used]
        fresh = fresh[: limit - len(used)]
        used.update(fresh)
        with ThreadPoolExecutor() as pool:
            list(pool.map(fitness, fresh))
        return fresh

    def tournament(population, k=3):
        return max(random.sample(population, min(k, len(population))), key=fitness)

    def mate(a, b):
        return (f"Parent A:\n```python\n{a}\n```\nParent B:\n```python\n{b}\n```\n"
                "Write a child program that unites the strong ideas of both parents. "
                f"Children are rated by:\n```python\n{utility.str}\n```")

    def mutate(a):
        return (f"Program:\n```python\n{a}\n```\nMake one bold change to it and return the complete program. "
                f"It is rated by:\n```python\n{utility.str}\n```")

    population = admit([initial_solution])
    size = language_model.max_responses_per_call
    for step in range(language_model.budget):
        n = min(size, limit - len(used))
        if n < 1:
            break
        messages = []
        for _ in range(n):
            if len(population) < 2 or step % 3 == 2:
                messages.append(mutate(tournament(population)))
            else:
                first = tournament(population)
                second = tournament([p for p in population if p != first])
                messages.append(mate(first, second))
        replies = language_model.batch_prompt(expertise, messages, temperature=0.9)
        population += admit(extract_code(replies))
        population = sorted(population, key=fitness, reverse=True)[:8]
    return population[0]
