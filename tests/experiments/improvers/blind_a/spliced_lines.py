import ast
import random
from helpers import extract_code

HINTS = [
    "Tune the constants.",
    "Try another data structure.",
    "Add a local search step at the end.",
    "Simplify the control flow, then use the time gained.",
]


def parses(text):
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def splice(mother, father):
    """The head of one text and the tail of the other, cut at the same line."""
    a, b = mother.splitlines(), father.splitlines()
    shorter = min(len(a), len(b))
    for _ in range(8):
        if shorter < 3:
            break
        cut = random.randint(1, shorter - 1)
        child = "\n".join(a[:cut] + b[cut:])
        if parses(child):
            return child
    return mother


def improve_algorithm(initial_solution, utility, language_model):
    calls, scores = language_model.budget, utility.budget
    population = [(utility(initial_solution), initial_solution)]
    scores -= 1

    def pick():
        contenders = random.sample(population, min(2, len(population)))
        return max(contenders, key=lambda entry: entry[0])[1]

    while calls > 0 and scores > 1:
        child = initial_solution
        if len(population) > 1:
            child = splice(pick(), pick())
            population.append((utility(child), child))
            scores -= 1
        n = min(language_model.max_responses_per_call, scores)
        messages = [
            f"{random.choice(HINTS)}\n\nThe code to change:\n```python\n{child}\n```\n"
            f"How the result is rated:\n```python\n{utility.str}\n```\nReturn the whole changed code."
            for _ in range(n)
        ]
        calls -= 1
        for mutant in extract_code(language_model.batch_prompt("You mutate programs.", messages, temperature=0.8)):
            if mutant:
                population.append((utility(mutant), mutant))
                scores -= 1
        population.sort(key=lambda entry: -entry[0])
        del population[10:]
    return population[0][1]
