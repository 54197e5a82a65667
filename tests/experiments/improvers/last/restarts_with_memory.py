from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    known = {}

    def score(program):
        if program not in known:
            known[program] = utility(program)
        return known[program]

    best = initial_solution
    for life in range(4):
        here = initial_solution
        for step in range(4):
            text = f"Improve:\n```python\n{here}\n```\n```python\n{utility.str}\n```"
            codes = [c for c in extract_code(language_model.prompt("Coder", text, 3, 0.9)) if c]
            here = max([here, *codes], key=score)
        best = max(best, here, key=score)
    return best
