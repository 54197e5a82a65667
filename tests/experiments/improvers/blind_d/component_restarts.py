import ast
import math
from helpers import extract_code


def component_names(program):
    try:
        return [n.name for n in ast.parse(program).body if isinstance(n, (ast.FunctionDef, ast.ClassDef))]
    except SyntaxError:
        return []


def improve_algorithm(initial_solution, utility, language_model):
    """
    Works on one component at a time. After some rounds the search starts over
    from the initial solution with a higher temperature, to reach other designs.
    """
    expertise = "You are a software architect with deep knowledge of algorithms."
    calls = language_model.budget
    n_restarts = 2 if calls < 12 else 3
    calls_per_restart = max(1, math.ceil(calls / n_restarts))
    temperature_per_restart = [0.4, 0.7, 1.0]
    n = max(1, min(language_model.max_responses_per_call, 2))

    initial_score = utility(initial_solution)
    overall = (initial_score, initial_solution)

    used = 0
    for restart in range(n_restarts):
        score, program = initial_score, initial_solution
        for step in range(calls_per_restart):
            if used >= calls or utility.uses >= utility.budget:
                return overall[1]
            names = component_names(program) or ["the main part"]
            target = names[step % len(names)]
            message = (
                f"This is a program:\n```python\n{program}\n```\n"
                f"It will be evaluated with:\n```python\n{utility.str}\n```\n"
                f"Redesign the component `{target}`, and nothing else. "
                f"Return only the new definition of `{target}`."
            )
            used += 1
            replies = language_model.prompt(expertise, message, n_responses=n,
                                            temperature=temperature_per_restart[restart])
            base = program
            for reply in replies:
                # extract_code puts the new definition into the program
                candidate = extract_code(reply, like=base)
                if not candidate or utility.uses >= utility.budget:
                    continue
                value = utility(candidate)
                if value > score:
                    score, program = value, candidate
                if value > overall[0]:
                    overall = (value, candidate)
    return overall[1]
