import ast
import difflib
import random

from helpers import extract_code


def splice(a, b, rng):
    """Where a and b differ, take the lines of either."""
    x, y = a.splitlines(), b.splitlines()
    out = []
    for tag, i, j, k, l in difflib.SequenceMatcher(None, x, y, autojunk=False).get_opcodes():
        if tag == "equal" or rng.random() < 0.5:
            out += x[i:j]
        else:
            out += y[k:l]
    child = "\n".join(out) + "\n"
    try:
        ast.parse(child)
    except SyntaxError:
        return None
    return child


def improve_algorithm(initial_solution, utility, language_model):
    rng = random.Random(5)
    fitness = {}
    budget = utility.budget

    def measure(p):
        p = p.strip() + "\n"
        if p not in fitness and len(fitness) < budget:
            fitness[p] = utility(p)

    measure(initial_solution)
    for _ in range(language_model.budget):
        if len(fitness) >= budget:
            break
        elite = sorted(fitness, key=fitness.get, reverse=True)[:6]
        n = min(4, language_model.max_responses_per_call, budget - len(fitness))
        msgs = []
        for parent in [rng.choice(elite) for _ in range(n)]:
            msgs.append(f"Vary this program to increase its score.\n```python\n{parent}\n```\n"
                        f"Score:\n```python\n{utility.str}\n```\nReturn it in full.")
        for code in extract_code(language_model.batch_prompt("You are a programmer.", msgs, temperature=0.8)):
            if code:
                measure(code)
        elite = sorted(fitness, key=fitness.get, reverse=True)[:6]
        if len(elite) >= 2:
            for _ in range(2):
                child = splice(*rng.sample(elite, 2), rng)
                if child:
                    measure(child)
    return max(fitness, key=fitness.get)
