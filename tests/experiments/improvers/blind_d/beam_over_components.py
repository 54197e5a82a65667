import ast
import re
from helpers import extract_code


def get_components(code):
    try:
        tree = ast.parse(code)
    except Exception:
        return {}
    return {n.name: (n.lineno - 1, n.end_lineno) for n in tree.body
            if isinstance(n, (ast.FunctionDef, ast.ClassDef))}


def swap_component(code, name, response):
    """Take the definition of `name` out of the response and put it into the code."""
    target = get_components(code).get(name)
    if target is None:
        return None
    blocks = re.findall(r"```(?:python|py)?\s*\n(.*?)```", response, re.S)
    for block in reversed(blocks):
        span = get_components(block).get(name)
        if span:
            lines = code.splitlines()
            lines[target[0]:target[1]] = block.splitlines()[span[0]:span[1]]
            return "\n".join(lines) + "\n"
    return None


def improve_algorithm(initial_solution, utility, language_model):
    """Beam search (width 2) where each expansion rewrites one component; the temperature is lowered step by step."""
    expertise = "You are an expert in modular algorithm design."
    WIDTH = 2
    schedule = [1.0, 0.8, 0.6, 0.4, 0.3]
    calls = language_model.budget
    n = max(1, min(2, language_model.max_responses_per_call))

    beam = [(utility(initial_solution), initial_solution)]
    depth = 0
    while calls > 0 and utility.uses < utility.budget:
        temperature = schedule[min(depth, len(schedule) - 1)]
        candidates = list(beam)
        for _, program in beam:
            if calls == 0:
                break
            components = list(get_components(program))
            target = components[depth % len(components)] if components else None
            task = (f"Rewrite the definition of `{target}` so that the program gets better. Return only `{target}`."
                    if target else "Rewrite it so that it gets better.")
            message = f"""Program:
```python
{program}
```
Objective:
```python
{utility.str}
```
{task}"""
            calls -= 1
            count = n if len(beam) == WIDTH else min(3, language_model.max_responses_per_call)
            for response in language_model.prompt(expertise, message, n_responses=count, temperature=temperature):
                child = swap_component(program, target, response) if target else extract_code(response)
                if child and utility.uses < utility.budget:
                    candidates.append((utility(child), child))
        # select the best distinct programs
        candidates.sort(key=lambda c: c[0], reverse=True)
        beam = []
        for c in candidates:
            if c[1] not in [b[1] for b in beam]:
                beam.append(c)
            if len(beam) == WIDTH:
                break
        depth += 1

    return beam[0][1]
