import math
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    wordings = {
        "Rewrite the program so that it scores higher:": [],
        "Find the weakest line of the program and mend it:": [],
        "Replace the method of the program by a better one:": [],
    }
    best, top = initial_solution, utility(initial_solution)
    for n in range(1, language_model.budget + 1):
        def bound(w):
            got = wordings[w]
            return math.inf if not got else sum(got) / len(got) + 0.3 * math.sqrt(math.log(n) / len(got))

        chosen = max(wordings, key=bound)
        codes = extract_code(language_model.prompt(
            "Coder", f"{chosen}\n```python\n{best}\n```\n```python\n{utility.str}\n```", 3, 0.7))
        values = [(utility(c), c) for c in codes if c]
        wordings[chosen].append(float(any(v > top for v, _ in values)))
        if values and max(values)[0] > top:
            top, best = max(values)
    return best
