"""Best-first search with a greedy debug step, after the paper on AIDE (arXiv 2502.13138).

First drafts from scratch. Then each step debugs a program that fails, at most DEPTH times in a row, or improves the
best one that works by one change, or drafts again if none works; what was tried is told in a line each."""

import random
import re

from helpers import extract_code

DRAFTS = 5
DEBUG = 0.5  # how often a failing program is debugged where there is one
DEPTH = 3
EXPERTISE = "You are a computer science researcher and an expert programmer who excels at optimizing algorithms."
TASKS = {
    "draft": "Do not build on this program: it shows what is asked for. Write one of your own, with a method that is "
    "simple, sound, and none of those that were tried.",
    "debug": "This program fails. Find the cause in what is told of it, and mend it; keep its method.",
    "improve": "This is the best program so far. Improve it by one change that can be judged on its own, and that was "
    "not tried yet.",
}


def improve_algorithm(initial_solution, utility, language_model):
    """Grow a tree of programs; return the best of all."""
    scores, depth = {initial_solution: utility(initial_solution)}, {initial_solution: 0}
    ideas, debugged, drafts = {}, set(), 0
    try:
        for calls_left in range(language_model.budget, 0, -1):
            share = -(-(utility.budget - utility.uses) // calls_left)  # of the scores left, rounded up: for this call
            failing, steps = [one for one in scores if fails(one, scores, utility)], []
            good = [one for one in scores if one not in failing]
            for _ in range(min(language_model.max_responses_per_call, share)):
                bad = [one for one in failing if depth[one] < DEPTH and one not in debugged]
                if drafts >= DRAFTS and bad and random.random() < DEBUG:
                    steps.append(("debug", max(bad, key=scores.get)))
                    debugged.add(steps[-1][1])
                elif drafts < DRAFTS or not good:
                    drafts += 1
                    steps.append(("draft", initial_solution))
                else:
                    steps.append(("improve", max(good, key=scores.get)))
            if not steps:
                break
            messages = [request(*step, scores, ideas, utility) for step in steps]
            responses = language_model.batch_prompt(EXPERTISE, messages, temperature=0.7)
            new = {}
            for text, (kind, parent) in zip(responses, steps):
                child = extract_code(text, like=parent)
                if not child:
                    debugged.discard(parent)  # it is tried again
                elif child not in scores and child not in new:
                    new[child] = depth[parent] + 1 if kind == "debug" else 0
                    ideas[child] = " ".join(text.partition("```")[0].split())[:150]
            depth.update(new)
            scores.update(zip(new, utility.batch(list(new))))
    except Exception:  # whatever fails, what was found is kept
        pass
    return max(scores, key=scores.get)


def fails(program, scores, utility):
    """Whether it has no score, or fails on half of the instances or more."""
    counts = re.search(r"^\d+ of \d+ .*$", utility.feedback(program), re.MULTILINE)
    failed = re.findall(r"(\d+) of (\d+) (?!ok\b)", counts[0] if counts else "")
    return scores[program] <= 0 or sum(int(count) / int(of) for count, of in failed) >= 0.5


def request(kind, parent, scores, ideas, utility):
    """The message for one step."""
    tried = "\n".join(f"- {scores[one]:g}: {idea}" for one, idea in ideas.items() if idea)
    return "\n\n".join([
        f"A program:\n```python\n{parent}\n```\nIts score is {scores[parent]:g}. {utility.feedback(parent)}",
        f"It is scored by this utility:\n```python\n{utility.str}\n```",
        *([f"What was tried, with the score that it got:\n{tried}"] if tried else []),
        f"{TASKS[kind]} Say in two sentences what you do and why, then write the whole program in one block of code.",
    ])
