"""Two phases per round: a diagnosis names the weakest function, a surgeon rewrites it."""
import ast
import re

from helpers import extract_code


class Program:
    def __init__(self, text):
        self.text = text
        self.defs = {}
        for node in ast.parse(text).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                start = min([node.lineno] + [d.lineno for d in node.decorator_list]) - 1
                self.defs[node.name] = (start, node.end_lineno)

    def part(self, name):
        a, b = self.defs[name]
        return "\n".join(self.text.splitlines()[a:b])

    def replaced(self, name, new_part):
        a, b = self.defs[name]
        lines = self.text.splitlines()
        text = "\n".join(lines[:a] + new_part.splitlines() + lines[b:]) + "\n"
        ast.parse(text)
        return Program(text)


def diagnose(program, score, utility, language_model, turn):
    names = list(program.defs)
    report = utility.feedback(program.text) or "(none)"
    question = f"""The program scores {score:.4f}. Evaluation report:
{report}

```python
{program.text}
```

Which one of these holds the score back most: {', '.join(names)}?
Answer with a line `WEAKEST: <name>` and one sentence of explanation."""
    reply = language_model.prompt("You profile programs.", question, n_responses=1, temperature=0.1)[0]
    found = re.search(r"WEAKEST:\s*`?(\w+)", reply)
    if found and found.group(1) in program.defs:
        return found.group(1), reply.strip()[:400]
    return names[turn % len(names)], ""


def operate(program, name, why, language_model):
    request = f"""Rewrite `{name}`, the weakest part of a larger program. {why}

```python
{program.part(name)}
```

Same name, same arguments. Return the new `{name}` alone, in a python block."""
    n = min(4, language_model.max_responses_per_call)
    for reply in language_model.prompt("You are a surgeon of code.", request, n_responses=n, temperature=0.9):
        code = extract_code(reply, like=program.text)
        if not code:
            continue
        try:
            yield program.replaced(name, Program(code).part(name))
        except (SyntaxError, KeyError):
            continue


def improve_algorithm(initial_solution, utility, language_model):
    best = Program(initial_solution)
    best_score = utility(initial_solution)
    turn = 0
    while language_model.budget - language_model.times_used >= 2 and best.defs:
        name, why = diagnose(best, best_score, utility, language_model, turn)
        turn += 1
        patient = best
        for candidate in operate(patient, name, why, language_model):
            if utility.uses >= utility.budget:
                return best.text
            score = utility(candidate.text)
            if score > best_score:
                best, best_score = candidate, score
    return best.text
