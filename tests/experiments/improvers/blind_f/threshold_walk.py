from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Threshold accepting, with a fresh walk after every third of the calls."""
    first = utility(initial_solution)
    found = [(first, initial_solution)]
    length = max(3, language_model.budget // 3)
    step = 0
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        if step % length == 0:
            here, here_score = initial_solution, first
            threshold = 0.08
        step += 1
        message = f"Modify this program a little, to raise its score.\n```python\n{here}\n```\n\n```python\n{utility.str}\n```"
        code = extract_code(language_model.prompt("You tune programs.", message, n_responses=1, temperature=0.9)[0])
        if not code:
            continue
        score = utility(code)
        found.append((score, code))
        if score > here_score - threshold:
            here, here_score = code, score
        threshold *= 0.6
    return max(found, key=lambda f: f[0])[1]
