import ast
from helpers import extract_code


def locate(program):
    """The functions at top level: name -> slice of lines."""
    places = {}
    for node in ast.parse(program).body:
        if isinstance(node, ast.FunctionDef):
            first = node.decorator_list[0].lineno if node.decorator_list else node.lineno
            places[node.name] = slice(first - 1, node.end_lineno)
    return places


def exchange(program, name, answer):
    try:
        new = answer.splitlines()[locate(answer)[name]]
        lines = program.splitlines()
        lines[locate(program)[name]] = new
    except (SyntaxError, KeyError):
        return None
    return "\n".join(lines)


def improve_algorithm(initial_solution, utility, language_model):
    """The first half of the calls rewrites the whole; the second half goes through the functions."""
    left = utility.budget - 1
    best, score = initial_solution, utility(initial_solution)
    half = (language_model.budget + 1) // 2
    for call in range(language_model.budget):
        n = min(language_model.max_responses_per_call, left)
        if n < 1:
            break
        context = (f"Program (score {score:.4f}):\n```python\n{best}\n```\n"
                   f"Scorer:\n```python\n{utility.str}\n```\n")
        target = None
        if call >= half:
            try:
                names = sorted(locate(best))
            except SyntaxError:
                names = []
            target = names[call % len(names)] if names else None
        if target:
            lines = "\n".join(best.splitlines()[locate(best)[target]])
            task = f"Rewrite only this function, so that the score rises:\n```python\n{lines}\n```"
        else:
            task = "Write a better program."
        answers = language_model.prompt("You are a software architect.", context + task, n_responses=n, temperature=0.7)
        base = best
        for answer in extract_code(answers):
            candidate = exchange(base, target, answer) if answer and target else answer
            if candidate:
                left -= 1
                value = utility(candidate)
                if value > score:
                    best, score = candidate, value
    return best
