"""A Pareto front over instances, with reflection on feedback, after the paper on GEPA (arXiv 2507.19457).

A program that is the best on some instance can be a parent, however it does on the others; the more instances it
leads, the more often. The model reads how the parent did, says what is to be learned, and rewrites it."""

import random
import re
from itertools import zip_longest

from helpers import extract_code

MERGE = 0.2  # how often two leaders are merged
FAILED = float("-inf")
EXPERTISE = "You are a computer science researcher and an expert programmer who excels at optimizing algorithms."


def improve_algorithm(initial_solution, utility, language_model):
    """Reflect on programs of the front in each call; return the best program of all."""
    scores = {initial_solution: utility(initial_solution)}
    try:
        for calls_left in range(language_model.budget, 0, -1):
            share = -(-(utility.budget - utility.uses) // calls_left)  # of the scores left, rounded up: for this call
            n_messages = min(language_model.max_responses_per_call, share)
            if n_messages < 1:
                break
            led = front(scores, utility)
            pairs = [choose(led) for _ in range(n_messages)]
            messages = [reflection(*pair, led, scores, utility) for pair in pairs]
            responses = language_model.batch_prompt(EXPERTISE, messages, temperature=0.8)
            found = dict.fromkeys(extract_code(text, like=parent) for text, (parent, _) in zip(responses, pairs))
            new = [one for one in found if one and one not in scores]
            scores.update(zip(new, utility.batch(new)))
    except Exception:  # whatever fails, what was found is kept
        pass
    return max(scores, key=scores.get)


def grades(program, utility):
    """Its grade on each instance, higher being better, as far as feedback tells them."""
    feedback = utility.feedback(program)
    told = re.search(r"^grades by instance, in order: (.*)$", feedback, re.MULTILINE)
    words = told[1].split() if told else re.findall(r"^task \d+: .*?score (\d+\.?\d*)", feedback, re.MULTILINE)
    sign = -1 if told and "smaller is better" in utility.str else 1
    number = re.compile(r"-?[\d.]+(e[+-]?\d+)?")
    return [sign * float(word) if number.fullmatch(word) else FAILED for word in words]


def front(scores, utility):
    """Each leader with the instances that it leads, unless another leads there too. Without grades, the best."""
    table = {program: grades(program, utility) for program in scores}
    highest = [max(column) for column in zip_longest(*table.values(), fillvalue=FAILED)]
    led = {one: {n for n, grade in enumerate(row) if FAILED < grade == highest[n]} for one, row in table.items()}
    ranked, kept = sorted(led, key=lambda one: (len(led[one]), scores[one]), reverse=True), {}
    for one in ranked:
        if led[one] and not any(led[one] <= other for other in kept.values()):
            kept[one] = led[one]
    return kept or {max(scores, key=scores.get): {0}}


def choose(led):
    """A parent, by how many instances it leads; and now and then another to merge it with, else None."""
    parent = random.choices(list(led), weights=map(len, led.values()))[0]
    others = [one for one in led if one != parent]
    return parent, random.choice(others) if others and random.random() < MERGE else None


def reflection(parent, other, led, scores, utility):
    """The message that asks to learn from how the parent did, or from both, and to write a better program."""
    def shown(one):
        places = ", ".join(str(n + 1) for n in sorted(led[one]))
        how = f"Its score is {scores[one]:g}; of all programs it does best on instances {places}."
        return f"```python\n{one}\n```\n{how} How it did:\n{utility.feedback(one)}"

    merge = "Join in one program what makes each of the two the best where it is. "
    return "\n\n".join([
        f"The program to improve:\n{shown(parent)}",
        *([f"Another program, which is better elsewhere:\n{shown(other)}"] if other else []),
        f"Programs are scored by this utility:\n```python\n{utility.str}\n```",
        "First reflect: on which instances does it fall short, and what does that say of its method? What works, and "
        f"has to stay? State the lesson in two or three sentences. {merge if other else ''}Then write the whole "
        "improved program, which follows the lesson, in one block of code.",
    ])
