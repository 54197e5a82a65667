"""An improver in the paper's interface, after the description of the one it transferred (T = 4, App. H).

Three rounds, from cautious to bold. Each asks, about one aspect for each message, for a change of the best program so
far; a program is scored once however often it comes up; the best of all that were scored is returned. It knows nothing
of this package: `helpers`, `utility` and `language_model` are the paper's.
"""

from helpers import extract_code

ASPECTS = ["running time", "the data structures", "robustness", "the search strategy", "memory", "numerical precision"]


def improve_algorithm(initial_solution, utility, language_model):
    scores = {}

    def score(solution):
        if solution not in scores:
            scores[solution] = utility(solution)
        return scores[solution]

    best = initial_solution
    score(best)
    n_messages = min(language_model.max_responses_per_call, utility.budget)
    for temperature in (0.4, 0.7, 1.0):
        messages = [
            f"""This program is to get a higher score:
```python
{best}
```
The score is computed like this:
```python
{utility.str}
```
You are sampled at temperature {temperature}. Improve {ASPECTS[number % len(ASPECTS)]}: say how, then write all of the
new program."""
            for number in range(n_messages)
        ]
        expertise = "You are a seasoned developer of algorithms."
        responses = language_model.batch_prompt(expertise, messages, temperature=temperature)
        for solution in extract_code(responses):
            if solution and utility.uses < utility.budget:
                score(solution)
        best = max(scores, key=scores.get)
    return best
