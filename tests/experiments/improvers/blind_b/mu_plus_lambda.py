"""(3 + 5) evolution: each of the three parents has one mutant, and the first has a child with each of the others."""
from helpers import extract_code

MU = 3
HOT, COLD = 1.0, 0.3


def mutate_prompt(code, goal):
    return f"Mutate this program: one change that may raise its score.\n```python\n{code}\n```\nScore:\n```python\n{goal}\n```\nReturn the complete program."


def cross_prompt(a, b, goal):
    return (
        f"Parent A:\n```python\n{a}\n```\nParent B:\n```python\n{b}\n```\n"
        f"Score:\n```python\n{goal}\n```\n"
        "Combine the strengths of both parents in one child. Return the complete program."
    )


def improve_algorithm(initial_solution, utility, language_model):
    generations = language_model.budget
    left = utility.budget - 1
    parents = [(utility(initial_solution), initial_solution)]
    seen = {initial_solution}
    for g in range(generations):
        if left <= 0:
            break
        heat = HOT + (COLD - HOT) * g / max(1, generations - 1)
        codes = [c for _, c in parents]
        if len(codes) == 1:
            messages = [mutate_prompt(codes[0], utility.str)] * 5
        else:
            messages = [mutate_prompt(c, utility.str) for c in codes]
            messages += [cross_prompt(codes[0], c, utility.str) for c in codes[1:]]
        messages = messages[: min(language_model.max_responses_per_call, left)]
        replies = language_model.batch_prompt("You are an evolutionary code designer.", messages, temperature=heat)
        children = []
        for code in extract_code(replies):
            if code and code not in seen:
                seen.add(code)
                children.append((utility(code), code))
                left -= 1
        parents = sorted(parents + children, key=lambda t: -t[0])[:MU]
    return parents[0][1]
