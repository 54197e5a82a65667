from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """A window of lines slides over the best program; the lines in it are written anew."""
    best, best_score = initial_solution, utility(initial_solution)
    position, size = 0, 9
    for _ in range(language_model.budget):
        lines = best.split("\n")
        if position >= len(lines):
            position = 0
        window = "\n".join(lines[position : position + size])
        text = (
            f"Here is a program:\n```python\n{best}\n```\nRewrite only these lines of it:\n```python\n{window}\n```\n"
            f"Reply with the new lines alone. The measure:\n{utility.str}"
        )
        for new in extract_code(language_model.prompt("You rewrite lines.", text, n_responses=2, temperature=0.7)):
            if not new:
                continue
            trial = "\n".join(lines[:position] + new.split("\n") + lines[position + size :])
            score = utility(trial)
            if score > best_score:
                best, best_score = trial, score
        position += size
    return best
