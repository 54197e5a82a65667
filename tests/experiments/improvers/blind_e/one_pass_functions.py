import ast
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Visits each top-level function once and keeps a rewrite if the program gets better with it."""
    find = lambda code, name: next((n for n in ast.parse(code).body if isinstance(n, ast.FunctionDef) and n.name == name), None)
    names = [n.name for n in ast.parse(initial_solution).body if isinstance(n, ast.FunctionDef)]
    best, best_score = initial_solution, utility(initial_solution)
    for name in names:
        if language_model.times_used >= language_model.budget:
            break
        part = ast.get_source_segment(initial_solution, find(initial_solution, name))
        ask = f"Rewrite the function `{name}` so that it works better. Same signature.\n\n```python\n{part}\n```\n\nReturn only this function."
        replies = language_model.prompt("You are a careful engineer.", ask, temperature=0.7,
                                        n_responses=min(6, language_model.max_responses_per_call))
        base = best
        for reply in replies:
            answer = extract_code(reply, like=base)
            new = answer and find(answer, name)
            if not new:
                continue
            candidate = base.replace(ast.get_source_segment(base, find(base, name)), ast.get_source_segment(answer, new))
            score = utility(candidate)
            if score > best_score:
                best, best_score = candidate, score
    return best
