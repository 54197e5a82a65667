from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Many answers, each different one scored once."""
    message = f"Improve the following.\n```python\n{initial_solution}\n```\n```python\n{utility.str}\n```"
    seen, best, top = {initial_solution}, initial_solution, utility(initial_solution)
    for _ in range(6):
        for answer in language_model.prompt("Expert.", message, n_responses=5, temperature=0.7):
            program = extract_code(answer)
            if not program or program in seen:
                continue
            seen.add(program)
            value = utility(program)
            if value > top:
                best, top = program, value
    return best
