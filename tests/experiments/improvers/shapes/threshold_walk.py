from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Threshold accepting: a loss below a threshold is accepted, and the threshold shrinks."""
    walk = [(initial_solution, utility(initial_solution))]
    record = walk[0]
    for step in range(language_model.budget):
        code, value = walk[-1]
        threshold = 0.06 * (1 - step / language_model.budget)
        prompt = f"Rework this code:\n```python\n{code}\n```\nto do better under\n```python\n{utility.str}\n```"
        for new in extract_code(language_model.prompt("Senior developer", prompt, n_responses=1, temperature=0.8)):
            if new and (score := utility(new)) > value - threshold:
                walk.append((new, score))
                record = max(record, walk[-1], key=lambda pair: pair[1])
    return record[0]
