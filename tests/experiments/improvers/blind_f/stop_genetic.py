import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Improves a solution using a genetic algorithm in which the language model is the genetic operator."""
    expertise = "You are an expert in genetic algorithms and code optimization."
    population_size = 6

    def ask(message, n, temperature):
        if language_model.times_used >= language_model.budget or utility.uses >= utility.budget:
            return []
        n = max(1, min(n, language_model.max_responses_per_call, utility.budget - utility.uses))
        responses = language_model.prompt(expertise, message, n_responses=n, temperature=temperature)
        return [c for c in (extract_code(r) for r in responses) if c]

    def goal():
        return f"\nIt will be evaluated with the following score function:\n```python\n{utility.str}\n```\nReturn the complete program in one code block."

    def mutate(individual):
        message = f"Mutate this program so that it obtains a higher score:\n```python\n{individual}\n```\n" + goal()
        return ask(message, 2, 1.0)  # hot: mutations should be bold

    def crossover(parent1, parent2):
        message = (f"Combine the strengths of these two programs into one new program.\nParent 1:\n```python\n{parent1}\n```\n"
                   f"Parent 2:\n```python\n{parent2}\n```\n") + goal()
        return ask(message, 2, 0.5)

    def select(population):
        # tournament of size two
        return max(random.sample(population, min(2, len(population))), key=lambda x: x[1])

    population = [(initial_solution, utility(initial_solution))]
    for child in mutate(initial_solution) + mutate(initial_solution):
        population.append((child, utility(child)))

    generation = 0
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        generation += 1
        if generation % 3 == 0 or len(population) < 2:
            children = mutate(select(population)[0])
        else:
            first = select(population)
            others = [x for x in population if x[0] != first[0]]
            second = select(others) if others else first
            children = crossover(first[0], second[0]) if others else mutate(first[0])
        population += [(child, utility(child)) for child in children]
        population.sort(key=lambda x: x[1], reverse=True)
        population = population[:population_size]
    return max(population, key=lambda x: x[1])[0]
