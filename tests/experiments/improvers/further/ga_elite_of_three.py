import random

from helpers import extract_code


def show(number, member):
    return f"### Program {number} (fitness {member[0]:.4f})\n```python\n{member[1]}\n```\n"


def improve_algorithm(initial_solution, utility, language_model):
    """Three parents; the model takes the best parts of each; the youngest and the best survive."""
    rng = random.Random(3)
    herd = [(utility(initial_solution), initial_solution)]
    for generation in range(language_model.budget):
        if len(herd) < 3:
            prompt = "Write a variant of this program.\n" + show(1, herd[0])
        else:
            parents = rng.sample(herd, 3)
            prompt = "Create an offspring that takes the best parts of each of these programs.\n" + "".join(
                show(number, parent) for number, parent in enumerate(parents, 1)
            )
        prompt += f"\nFitness is computed by\n```python\n{utility.str}\n```"
        young = [(utility(c), c) for c in extract_code(language_model.prompt("Breeder", prompt, 3, 0.9)) if c]
        herd = sorted(herd, reverse=True)[:4] + young
    return max(herd)[1]
