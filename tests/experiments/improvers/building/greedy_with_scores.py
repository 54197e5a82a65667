from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Hill climbing; the message says how well the program does."""
    best = initial_solution
    best_score = utility(best)
    for _ in range(5):
        message = f"""The program below has a score of {best_score:.4f}. Raise it.
```python
{best}
```
"""
        answers = language_model.prompt("You are good at algorithms.", message, n_responses=4, temperature=0.7)
        for answer in answers:
            program = extract_code(answer)
            if program:
                score = utility(program)
                if score > best_score:
                    best, best_score = program, score
    return best
