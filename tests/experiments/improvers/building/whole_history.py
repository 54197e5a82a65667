from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """The message lists every attempt with its score, and asks to go on from the best."""
    attempts = [(initial_solution, utility(initial_solution))]
    for _ in range(6):
        best = max(attempts, key=lambda attempt: attempt[1])[0]
        history = "\n".join(f"Attempt {i}: score {s:.3f}\n```python\n{p}\n```" for i, (p, s) in enumerate(attempts))
        message = f"Current best program:\n```python\n{best}\n```\nAttempts so far:\n{history}\nWrite a better one."
        program = extract_code(language_model.prompt("You learn from attempts.", message, 1, 0.7)[0])
        if program:
            attempts.append((program, utility(program)))
    return max(attempts, key=lambda attempt: attempt[1])[0]
