from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Hill climbing of three steps, begun anew from the given program several times."""
    champion, champion_score = initial_solution, utility(initial_solution)
    for restart in range(4):
        current, score = initial_solution, 0.0
        for step in range(3):
            message = f"Find a better program than this:\n```python\n{current}\n```\nUtility:\n{utility.str}"
            programs = [p for p in extract_code(language_model.prompt("Expert.", message, 3, 0.8)) if p]
            values = [utility(p) for p in programs]
            if values and max(values) > score:
                score = max(values)
                current = programs[values.index(score)]
        if score > champion_score:
            champion, champion_score = current, score
    return champion
