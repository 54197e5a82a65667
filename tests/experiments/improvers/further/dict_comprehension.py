from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    prompt = f"Improve this program.\n```python\n{initial_solution}\n```\n```python\n{utility.str}\n```"
    answers = []
    for _ in range(language_model.budget // 2):
        answers += language_model.prompt("You are an expert.", prompt, n_responses=5, temperature=0.8)
    codes = [initial_solution] + [code for code in extract_code(answers) if code]
    scores = {code: utility(code) for code in set(codes[: utility.budget])}
    return max(scores, key=scores.get)
