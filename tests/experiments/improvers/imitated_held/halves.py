from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Splits the text at its definitions; each piece is rewritten, joined, and scored as a whole."""
    marker = "\ndef "
    pieces = initial_solution.split(marker)
    pieces = [pieces[0]] + [marker + piece for piece in pieces[1:]]
    best_score = utility(initial_solution)
    for position, piece in enumerate(pieces):
        if not piece.strip():
            continue
        reply = language_model.prompt(
            "You optimise fragments of code.", f"Optimise this fragment:\n```python\n{piece.strip()}\n```", 3, 0.6
        )
        for fragment in extract_code(reply):
            if fragment:
                whole = "".join(pieces[:position] + ["\n" + fragment + "\n"] + pieces[position + 1 :])
                value = utility(whole)
                if value > best_score:
                    best_score, pieces[position] = value, "\n" + fragment + "\n"
    return "".join(pieces)
