import math
import random

from helpers import extract_code


def boltzmann(values, tau=0.03):
    top = max(values)
    return [math.exp((value - top) / tau) for value in values]


def improve_algorithm(initial_solution, utility, language_model):
    """Boltzmann exploration over every program found so far."""
    codes, values = [initial_solution], [utility(initial_solution)]
    for _ in range(language_model.budget):
        chosen = random.choices(codes, boltzmann(values))[0]
        text = f"Here is some code:\n```python\n{chosen}\n```\nBeat it. It is graded by\n```python\n{utility.str}\n```"
        new = [c for c in extract_code(language_model.prompt("You beat benchmarks.", text, 4, 0.8)) if c]
        new = [c for c in dict.fromkeys(new) if c not in codes][: utility.budget - len(codes)]
        codes += new
        values += [utility(c) for c in new]
    return codes[values.index(max(values))]
