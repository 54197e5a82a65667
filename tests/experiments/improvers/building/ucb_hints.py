import math
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """An upper confidence bound chooses what the message advises."""
    advice = ["Work on the running time.", "Work on the constants.", "Work on the structure.", "Start from new ideas."]
    pulls, gains = [0] * len(advice), [0.0] * len(advice)
    best, best_score = initial_solution, utility(initial_solution)
    for turn in range(language_model.budget):
        if utility.uses >= utility.budget:
            break
        if 0 in pulls:
            arm = pulls.index(0)
        else:
            bounds = [g / p + 0.3 * math.sqrt(2 * math.log(turn) / p) for g, p in zip(gains, pulls)]
            arm = bounds.index(max(bounds))
        message = f"{advice[arm]}\n```python\n{best}\n```\nThe score:\n```python\n{utility.str}\n```"
        found = [p for p in extract_code(language_model.prompt("Expert.", message, 3, 0.7)) if p]
        scores = [utility(p) for p in found]
        pulls[arm] += 1
        gains[arm] += max(scores, default=0.0)
        if scores and max(scores) > best_score:
            best, best_score = found[scores.index(max(scores))], max(scores)
    return best
