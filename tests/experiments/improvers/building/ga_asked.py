import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """The model itself is asked to cross two programs."""
    role = "You are a genetic algorithm that works on programs."

    def ask(messages):
        return [p for p in extract_code(language_model.batch_prompt(role, messages, temperature=0.8)) if p]

    start = f"Write a better version:\n```python\n{initial_solution}\n```\n```python\n{utility.str}\n```"
    n = language_model.max_responses_per_call
    population = ask([start] * n)
    fitness = utility.batch(population)
    while language_model.times_used < language_model.budget and utility.uses + n <= utility.budget:
        pairs = []
        for _ in range(n):
            one, two = random.sample(range(len(population)), 2) if len(population) > 1 else (0, 0)
            pairs.append((population[one], population[two]))
        messages = [
            f"Combine the best ideas of both programs into one.\nFirst:\n```python\n{a}\n```\nSecond:\n```python\n{b}\n```"
            for a, b in pairs
        ]
        children = ask(messages)
        population += children
        fitness += utility.batch(children)
        order = sorted(range(len(population)), key=lambda i: fitness[i], reverse=True)[:8]
        population = [population[i] for i in order]
        fitness = [fitness[i] for i in order]
    return population[0]
