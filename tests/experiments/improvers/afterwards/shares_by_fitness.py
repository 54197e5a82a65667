import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Parents are drawn in proportion to fitness and merged by the model."""
    first = f"Vary:\n```python\n{initial_solution}\n```\n```python\n{utility.str}\n```"
    people = [p for p in extract_code(language_model.prompt("Expert.", first, 5, 1.0)) if p]
    worth = [utility(p) for p in people]
    for _ in range(8):
        mum, dad = random.choices(people, weights=[w + 1e-6 for w in worth], k=2)
        message = f"Solution 1:\n```python\n{mum}\n```\nSolution 2:\n```python\n{dad}\n```\nMerge their best features."
        for child in extract_code(language_model.prompt("Expert.", message, 2, 1.0)):
            if child:
                people.append(child)
                worth.append(utility(child))
    return people[worth.index(max(worth))]
