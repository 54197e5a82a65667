from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    def question(program, score):
        return (
            f"```python\n{program}\n```\nThis program gets {score}. The perfect score is 1.\n"
            f"The score is made by\n```python\n{utility.str}\n```\nHow can it be raised? Give the whole program."
        )

    state = (initial_solution, utility(initial_solution))
    for _ in range(4):
        answers = extract_code(language_model.prompt("Scientist", question(*state), 4, 0.8))
        state = max([state] + [(p, utility(p)) for p in answers if p], key=lambda pair: pair[1])
    return state[0]
