import math
import random

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Three walkers at three fixed temperatures of acceptance, all asked in one call; neighbours may change places."""
    heats = [0.01, 0.05, 0.2]
    start = utility(initial_solution)
    walkers = [(start, initial_solution) for _ in heats]
    best = walkers[0]
    for step in range(language_model.budget):
        messages = [
            f"Propose a modification of this program:\n```python\n{code}\n```\nIts energy is the negative of:\n{utility.str}"
            for _, code in walkers
        ]
        answers = extract_code(language_model.batch_prompt("You explore programs.", messages, temperature=0.8))
        for number, (answer, heat) in enumerate(zip(answers, heats)):
            if not answer:
                continue
            value = utility(answer)
            change = value - walkers[number][0]
            if change >= 0 or random.random() < math.exp(change / heat):
                walkers[number] = (value, answer)
            best = max(best, (value, answer))
        for low in range(len(heats) - 1):
            gap = (walkers[low + 1][0] - walkers[low][0]) * (1 / heats[low] - 1 / heats[low + 1])
            if gap > 0 or random.random() < math.exp(gap):
                walkers[low], walkers[low + 1] = walkers[low + 1], walkers[low]
    return best[1]
