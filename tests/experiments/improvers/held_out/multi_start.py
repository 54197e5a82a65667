from helpers import extract_code


def climb(start, utility, model, steps):
    here, height = start, utility(start)
    for _ in range(steps):
        message = f"Improve the code below.\n```python\n{here}\n```\nCriterion:\n```python\n{utility.str}\n```"
        for answer in model.prompt("An expert of local search.", message, n_responses=4, temperature=0.9):
            step = extract_code(answer)
            if step and (value := utility(step)) > height:
                here, height = step, value
    return height, here


def improve_algorithm(initial_solution, utility, language_model):
    runs = [climb(initial_solution, utility, language_model, 3) for _ in range(4)]
    return max(runs)[1]
