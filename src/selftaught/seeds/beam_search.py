"""Beam search (paper, §6.1 and App. B): the few best solutions so far are kept, and each of them is expanded.

A tree of thoughts whose thoughts are whole solutions, valued by the utility.
"""

from helpers import extract_code

WIDTH = 3


def improve_algorithm(initial_solution, utility, language_model):
    """Expand the best WIDTH solutions in each call, in equal parts; return the best of all."""
    expertise = "You are a computer science researcher and an expert programmer who excels at optimizing algorithms."
    scores = {initial_solution: utility(initial_solution)}
    for calls_left in range(language_model.budget, 0, -1):
        share = -(-(utility.budget - utility.uses) // calls_left)  # of the scores left, rounded up: for this call
        n_messages = min(language_model.max_responses_per_call, share)
        if n_messages < 1:
            break
        beam = sorted(scores, key=scores.get, reverse=True)[:WIDTH]
        messages = [expansion(beam[number % len(beam)], utility) for number in range(n_messages)]
        responses = language_model.batch_prompt(expertise, messages, temperature=0.7)
        found = dict.fromkeys(extract_code(responses, like=initial_solution))  # without repeats, in order
        solutions = [solution for solution in found if solution and solution not in scores]
        scores.update(zip(solutions, utility.batch(solutions)))
    return max(scores, key=scores.get)


def expansion(solution, utility):
    """The message that asks for a better version of one solution of the beam."""
    return f"""Improve this solution:
```python
{solution}
```

It is scored by this utility:
```python
{utility.str}
```

Other solutions are being improved beside this one, so take this one further in a direction of its own. You must return
a better solution. First put forward an idea that is new and not trivial, then implement it: the whole program, in one
block of code."""
