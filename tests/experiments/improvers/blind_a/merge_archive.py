import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Draft first; afterwards fuse the leader with some other member of a small archive."""
    expertise = "You are an expert at combining the merits of several implementations."
    remaining = utility.budget - 1
    archive = [{"code": initial_solution, "score": utility(initial_solution)}]

    def draft_message():
        return f"""Propose a better version of this program (score {archive[0]['score']:.3f}):
```python
{initial_solution}
```
Scoring:
```python
{utility.str}
```"""

    def merge_message(leader, other):
        return f"""Two programs solve the same task.
Program 1, score {leader['score']:.3f}:
```python
{leader['code']}
```
Program 2, score {other['score']:.3f}:
```python
{other['code']}
```
Scoring:
```python
{utility.str}
```
Merge them into a single program that scores above both. Give the whole program."""

    for turn in range(language_model.budget):
        k = min(language_model.max_responses_per_call, remaining)
        if k <= 0:
            break
        if turn == 0 or len(archive) < 2:
            message = draft_message()
        else:
            message = merge_message(archive[0], random.choice(archive[1:]))
        responses = language_model.prompt(expertise, message, n_responses=k, temperature=0.7)
        for code in extract_code(responses):
            if not code:
                continue
            remaining -= 1
            entry = {"code": code, "score": utility(code)}
            if all(entry["code"] != kept["code"] for kept in archive):
                archive.append(entry)
        archive = sorted(archive, key=lambda e: e["score"], reverse=True)[:5]
    return archive[0]["code"]
