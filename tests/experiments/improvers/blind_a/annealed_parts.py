import ast
import math
import random
from helpers import extract_code

KINDS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def find_parts(source):
    """Name -> (first line, last line) of the definitions at top level."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return {}
    found = {}
    for node in tree.body:
        if isinstance(node, KINDS):
            start = min([node.lineno] + [d.lineno for d in node.decorator_list])
            found[node.name] = (start - 1, node.end_lineno)
    return found


def cut_out(source, name):
    start, end = find_parts(source)[name]
    return "\n".join(source.splitlines()[start:end])


def put_in(source, name, part):
    start, end = find_parts(source)[name]
    lines = source.splitlines()
    return "\n".join(lines[:start] + part.splitlines() + lines[end:])


def improve_algorithm(initial_solution, utility, language_model):
    """Rewrites one definition at a time, and sometimes accepts that the whole becomes worse."""
    current, value = initial_solution, utility(initial_solution)
    best = (value, current)
    left, heat = utility.budget - 1, 0.2
    for _ in range(language_model.budget):
        names = list(find_parts(current))
        n = min(2, language_model.max_responses_per_call, left)
        if not names or n < 1:
            break
        name = random.choice(names)
        message = (f"Rewrite `{name}`, one piece of a larger program, so that the program works better:\n"
                   f"```python\n{cut_out(current, name)}\n```\n"
                   "Keep its name and its parameters. Answer with this piece only.")
        options = []
        for answer in extract_code(language_model.batch_prompt("You refactor code.", [message] * n, temperature=0.8)):
            if answer and name in find_parts(answer):
                whole = put_in(current, name, cut_out(answer, name))
                options.append((utility(whole), whole))
                left -= 1
        if options:
            new_value, whole = max(options)
            best = max(best, (new_value, whole))
            if new_value >= value or random.random() < math.exp((new_value - value) / heat):
                current, value = whole, new_value
        heat *= 0.88
    return best[1]
