from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Three independent descents, each cooler from step to step."""
    winners = []
    for life in range(3):
        program = initial_solution
        score = utility(program)
        for heat in (1.0, 0.7, 0.4):
            message = f"Improve:\n```python\n{program}\n```\n```python\n{utility.str}\n```"
            codes = [c for c in extract_code(language_model.prompt("Expert", message, 2, heat)) if c]
            scores = [utility(c) for c in codes]
            if codes and max(scores) > score:
                score = max(scores)
                program = codes[scores.index(score)]
        winners.append((score, program))
    winners.sort(key=lambda w: w[0])
    return winners[-1][1]
