import re

from helpers import extract_code


def split(source):
    heads = [m.start() for m in re.finditer(r"^def ", source, re.M)]
    return source[: heads[0]], [source[a:b] for a, b in zip(heads, heads[1:] + [len(source)])]


def improve_algorithm(initial_solution, utility, language_model):
    """Each function gets two new versions; all ways to choose among them are tried while scores last."""
    if not re.search(r"^def ", initial_solution, re.M):
        return initial_solution
    head, parts = split(initial_solution)
    versions = []
    for part in parts:
        ask = f"Optimise this function, which belongs to a larger program:\n```python\n{part.strip()}\n```"
        found = extract_code(language_model.prompt("You optimise functions.", ask, n_responses=2, temperature=0.7))
        versions.append([part] + [code.strip() + "\n\n" for code in found if code])
    programs = [head]
    for choices in versions:
        programs = [program + choice for program in programs for choice in choices]
    programs = programs[: utility.budget - 1]
    return max([initial_solution] + programs, key=utility)
