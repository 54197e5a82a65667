"""Islands with a feature grid, after the papers on AlphaEvolve (arXiv 2506.13131) and MAP-elites (arXiv 1504.04909).

As OpenEvolve's manual has it, an island keeps the best program of each cell of its grid: by size, and by distance from
the initial solution. Now and then a copy of each island's best goes to the next island."""

import difflib
import random

from helpers import extract_code

ISLANDS = 3
EVERY = 2  # calls between two migrations
EXPLOIT = 0.6  # how often the parent is the best of its island; else it is any program of the grid
STEPS = (0.2, 0.4, 0.6, 0.8)  # where the distance, from 0 to 1, goes over into the next cell
EXPERTISE = "You are a computer science researcher and an expert programmer who excels at optimizing algorithms."


def improve_algorithm(initial_solution, utility, language_model):
    """Let each island breed in turn; return the best program of all."""
    scores = {initial_solution: utility(initial_solution)}
    islands = [{cell(initial_solution, initial_solution): initial_solution} for _ in range(ISLANDS)]
    try:
        for call in range(language_model.budget):
            left = utility.budget - utility.uses
            n_messages = min(language_model.max_responses_per_call, -(-left // (language_model.budget - call)))
            if n_messages < 1:
                break
            if call and call % EVERY == 0:
                migrate(islands, scores, initial_solution)
            places = [(call * n_messages + number) % ISLANDS for number in range(n_messages)]
            parents = [choose(islands[place], scores) for place in places]
            messages = [mutation(one, islands[place], scores, utility) for one, place in zip(parents, places)]
            responses = language_model.batch_prompt(EXPERTISE, messages, temperature=0.8)
            found = [extract_code(text, like=one) for text, one in zip(responses, parents)]
            new = [one for one in dict.fromkeys(found) if one and one not in scores]
            scores.update(zip(new, utility.batch(new)))
            for child, place in zip(found, places):
                settle(islands[place], child, scores, initial_solution)
    except Exception:  # whatever fails, what was found is kept
        pass
    return max(scores, key=scores.get)


def cell(program, initial):
    """Size in doublings, and distance from the initial solution: what is alike in both competes for one place."""
    likeness = difflib.SequenceMatcher(None, initial.splitlines(), program.splitlines()).ratio()
    return len(program).bit_length(), sum(1 - likeness > step for step in STEPS)


def settle(island, program, scores, initial):
    """The program takes its cell if that is empty, or if it scores higher than who is there."""
    if program:
        holder = island.setdefault(cell(program, initial), program)
        if scores[program] > scores[holder]:
            island[cell(program, initial)] = program


def migrate(islands, scores, initial):
    """A copy of each island's best goes to the next island of the ring."""
    bests = [max(island.values(), key=scores.get) for island in islands]
    for place, best in enumerate(bests):
        settle(islands[(place + 1) % len(islands)], best, scores, initial)


def choose(island, scores):
    """A parent: the best of the island, or any program of its grid."""
    grid = list(island.values())
    return max(grid, key=scores.get) if random.random() < EXPLOIT else random.choice(grid)


def mutation(parent, island, scores, utility):
    """The message that asks to change the parent; beside it stand the best and another program of its island."""
    others = sorted((one for one in island.values() if one != parent), key=scores.get, reverse=True)
    beside = others[:1] + random.sample(others[1:], min(1, len(others[1:])))
    shown = [f"Another program, for ideas; its score is {scores[one]:g}:\n```python\n{one}\n```" for one in beside]
    return "\n\n".join([
        *shown,
        f"The program to change:\n```python\n{parent}\n```\nIts score: {scores[parent]:g}. {utility.feedback(parent)}",
        f"It is scored by this utility:\n```python\n{utility.str}\n```",
        "Change the last program so that it scores higher. Say in a sentence what you change and why, then write the "
        "whole new program in one block of code.",
    ])
