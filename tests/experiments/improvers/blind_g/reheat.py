import math, random
from helpers import extract_code

PHASES = {
    "hot": "Explore. Throw the approach below away if you must; a surprising idea is welcome.",
    "warm": "Improve the approach below: keep what works, change what does not.",
    "cold": "Polish the program below. Only small edits: constants, edge cases, order of tests.",
}
CYCLE = 7


def phase(h):
    return "hot" if h > 0.66 else "warm" if h > 0.33 else "cold"


def improve_algorithm(initial_solution, utility, language_model):
    rnd = random.Random(3)
    f0 = utility(initial_solution)
    top, ftop = initial_solution, f0
    cur, fcur = initial_solution, f0
    for i in range(language_model.budget):
        j = i % CYCLE
        if j == 0:                       # reheat: the walk begins again
            cur, fcur = initial_solution, f0
        heat = 1 - j / CYCLE
        n = min(language_model.max_responses_per_call, utility.budget - utility.uses)
        if n < 1:
            break
        answers = language_model.prompt(
            "You are a creative yet rigorous programmer.",
            f"{PHASES[phase(heat)]}\n```python\n{cur}\n```\nUtility:\n```python\n{utility.str}\n```",
            n, temperature=0.2 + 0.9 * heat)
        cand = [c for c in extract_code(answers) if c]
        if not cand:
            continue
        fs = [utility(c) for c in cand]
        j_best = max(range(len(fs)), key=fs.__getitem__)
        if fs[j_best] > ftop:
            top, ftop = cand[j_best], fs[j_best]
        pick = rnd.randrange(len(cand))
        dE = fs[pick] - fcur
        if fs[j_best] > fcur:
            cur, fcur = cand[j_best], fs[j_best]
        elif dE >= 0 or rnd.random() < math.exp(dE / (0.15 * heat)):
            cur, fcur = cand[pick], fs[pick]
    return top
