"""Decomposition (paper, §6.1 and App. B): each function is improved by itself, and put back where the score rises."""

import ast

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Ask about one function in each message, all of them in turn; return the program with the better ones."""
    expertise = "You are a computer science researcher and an expert programmer who excels at optimizing algorithms."
    best, best_score, asked = initial_solution, utility(initial_solution), 0
    for calls_left in range(language_model.budget, 0, -1):
        share = -(-(utility.budget - utility.uses) // calls_left)  # of the scores left, rounded up: for this call
        n_messages = min(language_model.max_responses_per_call, share)
        if n_messages < 1:
            break
        every = list(functions(best))
        names = [every[(asked + number) % len(every)] for number in range(n_messages)]
        asked += n_messages
        responses = language_model.batch_prompt(expertise, [request(best, name, utility) for name in names])
        found = [extract_code(response, like=part(best, name)) for name, response in zip(names, responses)]
        for name, code in zip(names, found):
            candidate = replaced(best, name, code)
            score = utility(candidate) if candidate else best_score
            if score > best_score:
                best, best_score = candidate, score
    return best


def functions(program):
    """The lines of each function, by its name; of a program without functions all lines, under no name."""
    try:
        found = [node for node in ast.parse(program).body if isinstance(node, ast.FunctionDef)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        found = []
    places = {f.name: (min(d.lineno for d in [f, *f.decorator_list]) - 1, f.end_lineno) for f in found}
    return places or {"": (0, len(program.split("\n")))}


def part(program, name):
    """The text of one function."""
    start, end = functions(program)[name]
    return "\n".join(program.split("\n")[start:end])


def replaced(program, name, code):
    """The program with `code` in a function's place; None where that is not what the code defines."""
    if not code or name not in functions(program) or (name and name not in functions(code)):
        return None
    return program.replace(part(program, name), code.strip("\n"), 1) if name else code


def request(program, name, utility):
    """The message that asks for one function."""
    return f"""Improve this part:\n```python\n{part(program, name)}\n```\n
It belongs to this program:\n```python\n{program}\n```\n
The program is scored by this utility:\n```python\n{utility.str}\n```\n
The rest of the program stays as it is. Say how the part limits the score, then write only the part's new version, with
the same name and arguments, and any helper functions that it needs, in one block of code."""
