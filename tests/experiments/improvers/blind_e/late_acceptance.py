"""Late acceptance hill climbing (Burke & Bykov), in two runs from the initial program."""
import random
from collections import deque

from helpers import extract_code, BudgetExceeded

WORDINGS = (
    "Modify this program so that it scores higher.",
    "This program is not good enough. What would an expert do differently? Do that.",
    "Try an unconventional idea in this program.",
    "Simplify this program and strengthen its main loop.",
)


def propose(language_model, code, goal, rng):
    message = f"{rng.choice(WORDINGS)}\n\n```python\n{code}\n```\n\nGoal:\n{goal}\n\nAnswer with a complete python program."
    k = min(2, language_model.max_responses_per_call)
    return [c for c in extract_code(language_model.prompt("You improve code step by step.", message, n_responses=k,
                                                          temperature=0.8)) if c]


def walk(start, start_score, calls, utility, language_model, rng, history=6):
    current, current_score = start, start_score
    top = (start_score, start)
    late = deque([start_score] * history, maxlen=history)
    for _ in range(calls):
        for code in propose(language_model, current, utility.str, rng):
            score = utility(code)
            top = max(top, (score, code), key=lambda p: p[0])
            # accept what is no worse than now, or no worse than some steps ago
            if score >= current_score or score >= late[0]:
                current, current_score = code, score
            late.append(current_score)
    return top


def improve_algorithm(initial_solution, utility, language_model):
    rng = random.Random()
    s0 = utility(initial_solution)
    tops = [(s0, initial_solution)]
    total = language_model.budget
    first = (total + 1) // 2
    try:
        for calls in (first, total - first):
            tops.append(walk(initial_solution, s0, calls, utility, language_model, rng))
    except BudgetExceeded:
        pass
    return max(tops, key=lambda p: p[0])[1]
