from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    # A conversation: the model revises its own last answer, whatever it was worth.
    latest = initial_solution
    answers = {utility(initial_solution): initial_solution}
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        message = f"Revise this program once more:\n```python\n{latest}\n```\nGoal:\n```python\n{utility.str}\n```"
        code = extract_code(language_model.prompt("You revise programs.", message, temperature=0.7)[0])
        if code:
            answers[utility(code)] = code
            latest = code
    return answers[max(answers)]
