import ast
from helpers import extract_code


def functions(program):
    return {n.name: n for n in ast.parse(program).body if isinstance(n, ast.FunctionDef)}


def replace(program, name, new_source):
    node = functions(program)[name]
    lines = program.splitlines()
    return "\n".join(lines[:node.lineno - 1] + new_source.splitlines() + lines[node.end_lineno:]) + "\n"


def improve_algorithm(initial_solution, utility, language_model):
    best, best_score = initial_solution, utility(initial_solution)
    scores_left, calls_left = utility.budget - 1, language_model.budget
    n = min(4, language_model.max_responses_per_call)
    try:
        names = list(functions(best))
    except SyntaxError:
        return best
    while names and calls_left > 0 and scores_left > 0:
        for name in names:
            if calls_left <= 0:
                break
            source = ast.get_source_segment(best, functions(best)[name])
            message = (
                f"Complete program:\n```python\n{best}\n```\n\nObjective:\n{utility.str}\n\n"
                f"Improve only the function `{name}`:\n```python\n{source}\n```\n"
                f"Keep its signature. Return only the new definition of `{name}`."
            )
            calls_left -= 1
            for code in extract_code(language_model.prompt("You are an expert Python programmer.", message, n_responses=n, temperature=0.7)):
                if not code or scores_left <= 0:
                    continue
                try:
                    defined = functions(code)
                    if name not in defined:
                        continue
                    candidate = replace(best, name, ast.get_source_segment(code, defined[name]))
                    ast.parse(candidate)
                except (SyntaxError, KeyError):
                    continue
                scores_left -= 1
                score = utility(candidate)
                if score > best_score and name in functions(candidate):
                    best, best_score = candidate, score
    return best
