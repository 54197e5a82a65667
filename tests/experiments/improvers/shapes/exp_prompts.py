import math
import random

from helpers import extract_code

TEMPLATES = [
    "Rewrite the code below so that it scores higher.",
    "Find the weakest line of the code below and replace it.",
    "Replace the main idea of the code below by a stronger one.",
]


def improve_algorithm(initial_solution, utility, language_model):
    """UCB1 over three instructions; the reward is whether the record fell."""
    n, reward = [0] * len(TEMPLATES), [0.0] * len(TEMPLATES)
    record, code = utility(initial_solution), initial_solution
    for t in range(language_model.budget):
        if t < len(TEMPLATES):
            arm = t
        else:
            arm = max(range(len(TEMPLATES)), key=lambda a: reward[a] / n[a] + math.sqrt(0.5 * math.log(t) / n[a]))
        message = f"{TEMPLATES[arm]}\n```python\n{code}\n```\n```python\n{utility.str}\n```"
        answers = extract_code(language_model.prompt("You are an expert.", message, n_responses=3, temperature=0.7))
        gains = 0
        for answer in answers:
            if answer and (value := utility(answer)) > record:
                record, code, gains = value, answer, gains + 1
        n[arm] += 1
        reward[arm] += gains / 3
    return code
