"""Refinement, after what strong models made of the paper's seed: first independent ideas, then rounds that show the model
programs, their scores, and why they have them. What is in capitals is meant to be tuned."""

import re

from helpers import extract_code

EXPERTISE = "You are a computer science researcher and an expert programmer who excels at optimizing algorithms."
RULES = """First put forward an idea, then implement it: the whole program, in one block of code. It cannot be tried
before it is scored: check names, types and the smallest inputs, stop well before a limit, and always have a valid
answer to fall back on. Mark a number of which you are not sure, so that others are tried too: NAME = 3  # or 2, 5"""
IDEAS = [
    "Use the strongest method that is known for this kind of problem.",
    "Combine a good start with a search that makes full use of what the limits allow.",
    "Look for structure in the problem that a general method would miss.",
    "Be creative: what makes it better must be new and not trivial.",
]
STEPS = [  # the ranks of the programs that are shown (-1: the lowest), and what is to be done
    (0, "Find what holds this program back, and mend that."),
    (-1, 0, "Find why the first program does badly, and write a version of its idea that beats the second."),
    (0, 1, "Join the strong points of both programs in one that beats them."),
    (0, "Make this program much faster, and use the time that is won."),
    (0, 1, "Write a program whose core idea is different from all that is shown, and better."),
    (1, 0, "Restructure the first program, with what the second does better."),
]
KNOB = re.compile(r"^\s*\w+ = ([\d.]+)\s*# or ([\d., ]+)", re.MULTILINE)


def improve_algorithm(initial_solution, utility, language_model):
    """Spend the whole budget, unless nothing is left to be won; return the best program of all."""
    scores = {initial_solution: utility(initial_solution)}
    for calls_left in range(language_model.budget, 0, -1):
        share = -(-(utility.budget - utility.uses) // calls_left)  # of the scores left, rounded up: for this call
        if share < 1 or max(scores.values()) >= 1:
            break
        requests = [request(n, scores, utility) for n in range(min(language_model.max_responses_per_call, share))]
        responses = language_model.batch_prompt(EXPERTISE, [message for _, message in requests], temperature=0.7)
        score([extract_code(text, like=one) for text, (one, _) in zip(responses, requests)], scores, utility)
    best = max(scores, key=scores.get)
    knobs = [(*knob.span(1), value) for knob in KNOB.finditer(best) for value in re.findall(r"[\d.]+", knob[2])]
    score([best[:start] + value + best[end:] for start, end, value in knobs], scores, utility)
    return max(scores, key=scores.get)


def request(number, scores, utility):
    """The program to work on, and the message that asks for it. Of equal scores one program is enough."""
    ranked = list({scores[one]: one for one in sorted(scores, key=scores.get, reverse=True)}.values())
    *places, task = STEPS[number % len(STEPS)] if len(ranked) > 1 else (0, IDEAS[number % len(IDEAS)])
    chosen = [ranked[min(place, len(ranked) - 1)] for place in places]
    shown = [f"```python\n{one}\n```\nIts score: {scores[one]:g}. {utility.feedback(one)}" for one in chosen]
    asked = f"It is scored by this utility:\n```python\n{utility.str}\n```\n\n{task} {RULES}"
    return chosen[0], "\n\n".join(["Improve this solution:", *shown, asked])


def score(found, scores, utility):
    """Score what is new, as far as the budget goes."""
    new = [one for one in dict.fromkeys(found) if one and one not in scores][: utility.budget - utility.uses]
    scores.update(zip(new, utility.batch(new)))
