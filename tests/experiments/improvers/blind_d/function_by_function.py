import ast
import re
from helpers import extract_code


def list_functions(program):
    """Names and sources of the top-level functions and classes."""
    try:
        tree = ast.parse(program)
    except SyntaxError:
        return []
    lines = program.splitlines()
    out = []
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            out.append((node.name, "\n".join(lines[node.lineno - 1:node.end_lineno])))
    return out


def replace_function(program, name, new_source):
    for old_name, old_source in list_functions(program):
        if old_name == name:
            return program.replace(old_source, new_source, 1)
    return None


def find_function(response, name):
    """Find the function of this name in the code blocks of a response."""
    for block in re.findall(r"```(?:python)?\n(.*?)```", response, re.DOTALL):
        for found, source in list_functions(block):
            if found == name:
                return source
    return None


def improve_algorithm(initial_solution, utility, language_model):
    expertise = "You are an expert in refactoring and optimizing single functions."
    best = initial_solution
    best_score = utility(initial_solution)
    n = max(1, min(language_model.max_responses_per_call, 3))

    for turn in range(language_model.budget):
        if utility.uses >= utility.budget:
            break
        parts = list_functions(best)
        if parts:
            name, source = parts[turn % len(parts)]
            message = f"""The function `{name}` is part of a program that scores {best_score:.4f}:
```python
{source}
```
The score of the whole program is computed by:
```python
{utility.str}
```
Improve only the function `{name}`. Keep its name and arguments. Return only this function, in a python block."""
        else:
            name = None
            message = f"Improve this program (score {best_score:.4f}):\n```python\n{best}\n```"
        for response in language_model.prompt(expertise, message, n_responses=n, temperature=0.6):
            if name is None:
                candidate = extract_code(response)
            else:
                new_source = find_function(response, name)
                candidate = replace_function(best, name, new_source) if new_source else None
            if candidate is None or utility.uses >= utility.budget:
                continue
            score = utility(candidate)
            if score > best_score:
                best, best_score = candidate, score
    return best
