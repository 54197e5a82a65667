from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Each depth keeps the three best of its own candidates, and forgets the ones before."""
    frontier, record = [initial_solution], []
    for depth in range(4):
        candidates = []
        for program in frontier:
            message = f"Optimise:\n```python\n{program}\n```\nObjective:\n```python\n{utility.str}\n```"
            for text in language_model.prompt("Expert.", message, 4, 0.8):
                code = extract_code(text)
                if code:
                    candidates.append((utility(code), code))
        candidates.sort(key=lambda c: c[0], reverse=True)
        record += candidates
        frontier = [code for _, code in candidates[:3]] or frontier
    return max(record, key=lambda c: c[0])[1]
