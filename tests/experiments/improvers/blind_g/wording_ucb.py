import math
from helpers import extract_code

ARMS = [
    "Improve the program below.",
    "Find the weakest line of this program, say why it is weak, and rewrite the program without that weakness.",
    "Replace the algorithm below by a fundamentally different one that should score higher.",
    "Tune constants, thresholds and sample sizes of this program. Keep its structure.",
]


def improve_algorithm(initial_solution, utility, language_model):
    x, fx = initial_solution, utility(initial_solution)
    N, G = [0] * len(ARMS), [0.0] * len(ARMS)
    for t in range(1, language_model.budget + 1):
        k = min(language_model.max_responses_per_call, utility.budget - utility.uses)
        if k < 1:
            break
        a = max(range(len(ARMS)), key=lambda i: float("inf") if not N[i] else G[i] / N[i] + 0.7 * math.sqrt(math.log(t) / N[i]))
        ys = extract_code(language_model.prompt("Expert programmer.", f"{ARMS[a]}\n\n```python\n{x}\n```\n\nScoring code:\n```python\n{utility.str}\n```", k, temperature=0.7))
        ys = [(utility(y), y) for y in ys if y]
        hit = 0.0
        if ys:
            fy, y = max(ys)
            hit = float(fy > fx)
            if fy > fx:
                x, fx = y, fy
        N[a] += 1
        G[a] += hit
    return x
