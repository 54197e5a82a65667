import difflib
import random
from helpers import extract_code


def splice(a, b):
    """Where the two texts differ, each passage is taken from one of them by lot."""
    a, b = a.splitlines(), b.splitlines()
    lines = []
    for tag, i, j, k, l in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        lines += a[i:j] if tag == "equal" or random.random() < 0.5 else b[k:l]
    return "\n".join(lines) + "\n"


def improve_algorithm(initial_solution, utility, language_model):
    scored = [(utility(initial_solution), initial_solution)]
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        scored.sort(key=lambda s: -s[0])
        message = f"Improve:\n```python\n{scored[0][1]}\n```\nScore:\n```python\n{utility.str}\n```"
        n = min(2, language_model.max_responses_per_call)
        for code in extract_code(language_model.prompt("You are an expert programmer.", message, n, 0.9)):
            if code and utility.uses < utility.budget:
                scored.append((utility(code), code))
        # join two of the good ones without the model, if that gives anything but one of them
        scored.sort(key=lambda s: -s[0])
        for _ in range(10):
            if len(scored) < 3 or utility.uses >= utility.budget:
                break
            (_, a), (_, b) = random.sample(scored[:6], 2)
            child = splice(a, b)
            if child.strip() not in (a.strip(), b.strip()):
                scored.append((utility(child), child))
                break
    return max(scored, key=lambda s: s[0])[1]
