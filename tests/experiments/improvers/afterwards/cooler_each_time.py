from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """The best so far, ever cooler; no program is scored twice."""
    known = {initial_solution: utility(initial_solution)}
    for heat in (1.0, 0.8, 0.6, 0.4, 0.2):
        best = max(known, key=known.get)
        message = f"Improve this solution:\n```python\n{best}\n```\nIt is scored by\n```python\n{utility.str}\n```"
        for program in extract_code(language_model.prompt("Expert.", message, 4, heat)):
            if program and program not in known:
                known[program] = utility(program)
    return max(known, key=known.get)
