"""Novelty rejection with a bandit over parents, after the paper on ShinkaEvolve (arXiv 2509.19349).

A parent is chosen by the highest upper bound of what comes of it. What says nearly the same as a program that works is
rejected: it costs no score, which is left for a later answer."""

import math
import re
from collections import Counter

from helpers import extract_code

ARCHIVE = 8  # so many of the best can be parents
EXPLORATION = 0.5
SAME = 0.95  # the share of word triples in common from which on two programs with the same numbers say the same
EXPERTISE = "You are a computer science researcher and an expert programmer who excels at optimizing algorithms."


def improve_algorithm(initial_solution, utility, language_model):
    """Ask for children of the most promising, and score the novel ones; return the best program of all."""
    scores = {initial_solution: utility(initial_solution)}
    asked, earned = Counter(), Counter()
    try:
        for calls_left in range(language_model.budget, 0, -1):
            share = -(-(utility.budget - utility.uses) // calls_left)  # of the scores left, rounded up: for this call
            n_messages = min(language_model.max_responses_per_call, share)
            if n_messages < 1:
                break
            parents = []
            for _ in range(n_messages):
                parents.append(promising(scores, asked, earned))
                asked[parents[-1]] += 1
            messages = [offspring(parent, scores, utility) for parent in parents]
            responses = language_model.batch_prompt(EXPERTISE, messages, temperature=0.8)
            new, known = {}, [fingerprint(one) for one in scores if scores[one] > 0]  # a failing one may be mended
            for text, parent in zip(responses, parents):
                child = extract_code(text, like=parent)
                if child and child not in scores and is_novel(fingerprint(child), known):
                    new[child] = parent
                    known.append(fingerprint(child))
            for (child, parent), score in zip(new.items(), utility.batch(list(new))):
                scores[child] = score
                earned[parent] += score > scores[parent]
    except Exception:  # whatever fails, what was found is kept
        pass
    return max(scores, key=scores.get)


def promising(scores, asked, earned):
    """The parent of the highest upper bound: its rank, the share of children that beat it, and what is unknown."""
    working = [one for one in scores if scores[one] > 0] or list(scores)
    archive = sorted(working, key=scores.get, reverse=True)[:ARCHIVE]
    total = 1 + sum(asked[one] for one in archive)

    def bound(place):
        one = archive[place]
        rank, share = 1 - place / len(archive), earned[one] / max(1, asked[one])
        return rank + share + EXPLORATION * math.sqrt(math.log(total + 1) / (1 + asked[one]))

    return archive[max(range(len(archive)), key=bound)]


def fingerprint(program):
    """Triples of words and signs, without comments and layout; and the numbers, each of which may matter."""
    words = re.findall(r"\w+|[^\w\s]", re.sub(r"#.*", "", program))
    return set(zip(words, words[1:], words[2:])), sorted(word for word in words if word[0].isdigit())


def is_novel(one, known):
    """Whether it says something else than all that is known."""
    triples, numbers = one
    alike = (other for other, others_numbers in known if others_numbers == numbers)
    return all(len(triples & other) < SAME * max(1, len(triples | other)) for other in alike)


def offspring(parent, scores, utility):
    """The message that asks for a child; the best program stands beside a parent that is another."""
    best = max(scores, key=scores.get)
    shown = f"The best program so far, for ideas; its score is {scores[best]:g}:\n```python\n{best}\n```\n\n"
    return f"""{shown if best != parent else ""}The program to improve:
```python
{parent}
```
Its score is {scores[parent]:g}. {utility.feedback(parent)}

It is scored by this utility:
```python
{utility.str}
```

Write a program that scores higher, and that says something new: another method, or another part rewritten. One that
only renames, rearranges or comments what is there is thrown away unscored. Say your idea in a sentence, then write the
whole program in one block of code."""
