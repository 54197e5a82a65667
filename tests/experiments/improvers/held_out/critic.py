from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """First the model says what is wrong, then it mends that."""
    best = initial_solution
    score = utility(best)
    for _ in range(5):
        question = (
            f"This program scores {score:.3f}.\n```python\n{best}\n```\nName its three worst weaknesses, in words."
        )
        critique = language_model.prompt("You are a severe critic.", question, 1, 0.3)[0].split("```")[0]
        request = (
            f"A critic says of your program: {critique}\n```python\n{best}\n```\nMend that; write the whole program."
        )
        for answer in language_model.prompt("You are an able programmer.", request, 3, 0.3):
            program = extract_code(answer)
            if program:
                value = utility(program)
                if value > score:
                    best, score = program, value
    return best
