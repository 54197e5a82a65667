"""An improver that asks once for each response, and keeps the best by the utility."""

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    best, best_score = initial_solution, utility(initial_solution)
    for response in language_model.prompt("You are an expert.", f"Improve it:\n{initial_solution}", n_responses=2):
        program = extract_code(response)
        if program is not None and (score := utility(program)) > best_score:
            best, best_score = program, score
    return best
