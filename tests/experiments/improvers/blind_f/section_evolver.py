"""Elites evolve section by section: in each round every elite gets a prompt about one of its functions."""
import ast
from dataclasses import dataclass, field

from helpers import extract_code

ELITES = 2


@dataclass(order=True)
class Elite:
    score: float
    code: str = field(compare=False)
    turn: int = field(default=0, compare=False)


def functions(code):
    try:
        return [n for n in ast.parse(code).body if isinstance(n, (ast.FunctionDef, ast.ClassDef))]
    except SyntaxError:
        return []


def source(code, node):
    return "\n".join(code.splitlines()[node.lineno - 1:node.end_lineno])


def patch(code, name, answer):
    """code with the section `name` taken from answer, or None."""
    new = next((source(answer, n) for n in functions(answer) if n.name == name), None)
    old = next((n for n in functions(code) if n.name == name), None)
    if new is None or old is None:
        return None
    lines = code.splitlines()
    return "\n".join(lines[:old.lineno - 1] + new.splitlines() + lines[old.end_lineno:]) + "\n"


def improve_algorithm(initial_solution, utility, language_model):
    elites = [Elite(utility(initial_solution), initial_solution)]
    if not functions(initial_solution):
        return initial_solution
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        offspring = []
        for elite in list(elites):
            left = utility.budget - utility.uses
            if language_model.times_used >= language_model.budget or left < 1:
                break
            sections = functions(elite.code)
            if not sections:
                continue
            section = sections[elite.turn % len(sections)]
            elite.turn += 1
            message = f"""## Section `{section.name}`
```python
{source(elite.code, section)}
```
## Evaluation of the program that contains it
{utility.feedback(elite.code)}
score: {elite.score:.4f}
## Evaluator
```python
{utility.str}
```
Return a replacement for `{section.name}` only. The rest of the program remains as it is."""
            answers = language_model.prompt("You are a code evolution engine.", message,
                                            n_responses=min(2, language_model.max_responses_per_call, left), temperature=0.8)
            patched = [patch(elite.code, section.name, a) for a in extract_code(answers) if a]
            patched = [p for p in patched if p]
            for code, score in zip(patched, utility.batch(patched) if patched else []):
                offspring.append(Elite(score, code, elite.turn))
        elites = sorted(elites + offspring, reverse=True)[:ELITES]
    return max(elites).code
